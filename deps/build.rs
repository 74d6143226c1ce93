// Copies the parser's C header to where the C++ build looks for it.
use std::{env, fs, path::PathBuf};

fn main() {
    let announced = env::var("DEP_TREE_SITTER_INCLUDE").expect("tree-sitter announces its headers");
    let target = PathBuf::from(env::var("NIGHTJAR_DEPS_INCLUDE").expect("set by ./dev and CMake"))
        .join("tree_sitter");
    fs::create_dir_all(&target).expect("create the include folder");
    fs::copy(PathBuf::from(announced).join("tree_sitter/api.h"), target.join("api.h"))
        .expect("copy the header");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=NIGHTJAR_DEPS_INCLUDE");
}
