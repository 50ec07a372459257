# Warnings and sanitizers of everything the project itself compiles: link this target privately.
add_library(mikey_flags INTERFACE)
# gcc 12 sees an overlap in std::string's own operator+ where there is none (gcc bug 105329).
target_compile_options(mikey_flags INTERFACE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>)
target_compile_options(mikey_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual>)
if(MIKEY_WERROR)
  target_compile_options(mikey_flags INTERFACE -Werror)
endif()
if(MIKEY_SANITIZE)
  target_compile_options(mikey_flags INTERFACE -fsanitize=${MIKEY_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(mikey_flags INTERFACE -fsanitize=${MIKEY_SANITIZE})
endif()
if(MIKEY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "MIKEY_FUZZ needs clang: cmake --preset fuzz")
  endif()
  target_compile_options(mikey_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
