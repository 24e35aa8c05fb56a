# One interface target carries the flags of every library of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
find_package(Threads REQUIRED)

add_library(nspect_options INTERFACE)
target_include_directories(nspect_options INTERFACE ${PROJECT_SOURCE_DIR})
target_link_libraries(nspect_options INTERFACE Threads::Threads)
target_compile_options(nspect_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
    -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough)
if(NSPECT_WERROR)
    target_compile_options(nspect_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 reports false positives of these two in its own <variant>, <optional> and <regex> when inlining.
    target_compile_options(nspect_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_options(nspect_options INTERFACE
        -fstack-protector-strong -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
    target_link_options(nspect_options INTERFACE -Wl,-z,relro,-z,now)
endif()
if(NSPECT_SANITIZE)
    target_compile_options(nspect_options INTERFACE
        -fsanitize=${NSPECT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(nspect_options INTERFACE -fsanitize=${NSPECT_SANITIZE})
endif()
if(NSPECT_BUILD_FUZZERS)
    # What libFuzzer steers by: without it in the libraries the fuzzers would be blind.
    target_compile_options(nspect_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(NSPECT_COVERAGE)
    target_compile_options(nspect_options INTERFACE --coverage)
    target_link_options(nspect_options INTERFACE --coverage)
endif()
