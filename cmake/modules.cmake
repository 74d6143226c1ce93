# The parts and their layers, lowest first. A part may link only to parts in rows before its own;
# anything else stops the configure. docs/ARCHITECTURE.md has the same table with each part's promise.
set(NIGHTJAR_LAYERS
    base
    config,net,event
    store,repo,policy,identity,api
    audit,context,sandbox,govern,workflow
    llm,harness
    scenario,twin,release
    reason,proof,tools
    agent
    factory
    server,cli)

# The row of a part; stops the configure if it is in none.
function(nightjar_layer name out)
  set(row 0)
  foreach(parts IN LISTS NIGHTJAR_LAYERS)
    string(REPLACE "," ";" parts "${parts}")
    if(name IN_LIST parts)
      set(${out} ${row} PARENT_SCOPE)
      return()
    endif()
    math(EXPR row "${row} + 1")
  endforeach()
  message(FATAL_ERROR "${name} is in no row of NIGHTJAR_LAYERS (cmake/modules.cmake)")
endfunction()

# nightjar_module(agent DEPS llm tools EXTERNAL PkgConfig::git2)
#
# Every *.cc in the folder and its sub-folders belongs to the part. The suffix is the registration:
# *_test.cc goes into the one test program of the part, *_fuzz.cc makes a fuzzer each (and its corpus
# a test), *_bench.cc goes into the benchmark program, testing/*.cc into a library that only tests,
# fuzzers and benchmarks link.
function(nightjar_module name)
  cmake_parse_arguments(ARG "" "" "DEPS;EXTERNAL;TEST_DEPS" ${ARGN})
  nightjar_layer(${name} mine)
  foreach(dep IN LISTS ARG_DEPS)
    nightjar_layer(${dep} theirs)
    if(NOT theirs LESS mine)
      message(FATAL_ERROR "${name} (layer ${mine}) may not depend on ${dep} (layer ${theirs})")
    endif()
  endforeach()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${sources})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  set(benches ${sources})
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  set(fakes ${sources})
  list(FILTER fakes INCLUDE REGEX "/testing/")
  list(FILTER fakes EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$|/testing/")

  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME nightjar_${name})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC nightjar_flags ${ARG_DEPS} PRIVATE ${ARG_EXTERNAL})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS *.h)
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${headers})
  set_property(GLOBAL APPEND PROPERTY NIGHTJAR_MODULES ${name})
  set_property(GLOBAL PROPERTY NIGHTJAR_DEPS_OF_${name} "${ARG_DEPS}")

  if(NOT NIGHTJAR_TESTS AND NOT NIGHTJAR_FUZZ)
    return()
  endif()
  set(for_tests ${name})
  foreach(dep IN LISTS ARG_DEPS ARG_TEST_DEPS)
    if(TARGET ${dep}_testing)
      list(APPEND for_tests ${dep}_testing)
    endif()
  endforeach()
  list(APPEND for_tests ${ARG_TEST_DEPS})
  if(fakes)
    add_library(${name}_testing STATIC ${fakes})
    target_link_libraries(${name}_testing PUBLIC ${for_tests} GTest::gmock)
    list(PREPEND for_tests ${name}_testing)
  endif()

  nightjar_add_tests(${name} "${tests}" "${for_tests};${ARG_EXTERNAL}")
  foreach(fuzzer IN LISTS fuzzers)
    nightjar_add_fuzzer(${name} ${fuzzer} "${for_tests};${ARG_EXTERNAL}")
  endforeach()
  if(benches)
    set_property(GLOBAL APPEND PROPERTY NIGHTJAR_BENCH_SOURCES ${benches})
    set_property(GLOBAL APPEND PROPERTY NIGHTJAR_BENCH_LIBRARIES ${for_tests} ${ARG_EXTERNAL})
  endif()
endfunction()

# One test program a part; ctest knows each of its tests by name.
function(nightjar_add_tests name tests libraries)
  if(NOT tests OR NOT NIGHTJAR_TESTS)
    return()
  endif()
  add_executable(${name}_test ${tests})
  target_link_libraries(${name}_test PRIVATE ${libraries} test_main GTest::gmock)
  target_compile_definitions(${name}_test PRIVATE
    NIGHTJAR_SOURCE_DIR="${PROJECT_SOURCE_DIR}" NIGHTJAR_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_precompile_headers(${name}_test REUSE_FROM test_main)
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." NO_PRETTY_VALUES
    DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
endfunction()

# A fuzzer is LLVMFuzzerTestOneInput in x_fuzz.cc with inputs in x_corpus/. In every build the corpus
# runs as a test; with the `fuzz` preset (clang) it is linked to libFuzzer as well.
function(nightjar_add_fuzzer name source libraries)
  get_filename_component(stem ${source} NAME_WE)
  get_filename_component(folder ${source} DIRECTORY)
  string(REPLACE "_fuzz" "" subject ${stem})
  add_executable(${stem} ${source})
  target_link_libraries(${stem} PRIVATE ${libraries})
  if(NIGHTJAR_FUZZ)
    target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY NIGHTJAR_FUZZERS ${stem})
    set_property(GLOBAL APPEND_STRING PROPERTY NIGHTJAR_FUZZER_TABLE "${stem} ${folder}/${subject}_corpus\n")
  else()
    target_sources(${stem} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz_corpus_main.cc)
  endif()
  if(NIGHTJAR_TESTS)
    add_test(NAME ${name}.${stem}.corpus COMMAND ${stem} ${folder}/${subject}_corpus)
  endif()
endfunction()

# nightjar_embed(factory embedded_examples EmbeddedFile factory/embedded.h ${PROJECT_SOURCE_DIR}/examples)
#
# Puts every file below `base` into the part, as the table that `function` returns. `header` declares
# the function and its row: {path, content, executable}.
function(nightjar_embed part function type header base)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${base}/*)
  list(FILTER files EXCLUDE REGEX "/__pycache__/")
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${function}.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNAMESPACE=${part} -DFUNCTION=${function} -DTYPE=${type}
            -DHEADER=${header} -DBASE=${base} "-DFILES=${files}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(${part} PRIVATE ${out})
endfunction()
