# A Debian package and a tarball that runs from wherever it is unpacked: `./dev package`.
#
# The program looks for its helper beside itself, so both lie in lib/nightjar, and bin/nightjar is a link.
install(TARGETS nightjar nightjar-helper RUNTIME DESTINATION lib/nightjar)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/link)
file(CREATE_LINK ../lib/nightjar/nightjar ${PROJECT_BINARY_DIR}/link/nightjar SYMBOLIC)
install(FILES ${PROJECT_BINARY_DIR}/link/nightjar DESTINATION bin)
install(FILES README.md LICENSE DESTINATION share/doc/nightjar)
install(DIRECTORY docs DESTINATION share/doc/nightjar)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME nightjar)
set(CPACK_PACKAGE_VENDOR Nightjar)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Proves changes, and has agents make them, behind walls")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_SOURCE_DIR}/build/package)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "Nightjar maintainers <maintainers@nightjar.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS git)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
