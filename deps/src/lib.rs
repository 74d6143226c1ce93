//! The C interface to the crates. Naming the grammars and the parser keeps them linked.
#![allow(clippy::missing_safety_doc)]

pub use tree_sitter::ffi;

#[no_mangle]
pub extern "C" fn nightjar_language_c() -> *const () {
    unsafe { (tree_sitter_c::LANGUAGE.into_raw())() }
}

#[no_mangle]
pub extern "C" fn nightjar_language_python() -> *const () {
    unsafe { (tree_sitter_python::LANGUAGE.into_raw())() }
}

/// `out` has room for 32 bytes; `data` may be null when `size` is 0.
#[no_mangle]
pub unsafe extern "C" fn nightjar_blake3(data: *const u8, size: usize, out: *mut u8) {
    let bytes = if size == 0 { &[] } else { std::slice::from_raw_parts(data, size) };
    let digest = blake3::hash(bytes);
    std::ptr::copy_nonoverlapping(digest.as_bytes().as_ptr(), out, 32);
}
