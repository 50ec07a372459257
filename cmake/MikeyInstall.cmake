# cmake --install: library, headers, CMake package, pkg-config files, programs, manual pages, completion.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mikey)
set(generated ${CMAKE_BINARY_DIR}/package)
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
# Who links a static library must link what it needs, too; a shared one knows by itself.
set(requires Requires)
if(BUILD_SHARED_LIBS)
  set(requires Requires.private)
endif()

set(targets mikey)
configure_file(cmake/mikey.pc.in ${generated}/mikey.pc @ONLY)
set(pc_files ${generated}/mikey.pc)
if(TARGET mikey_srtp)
  list(APPEND targets mikey_srtp)
  configure_file(cmake/mikey-srtp.pc.in ${generated}/mikey-srtp.pc @ONLY)
  list(APPEND pc_files ${generated}/mikey-srtp.pc)
endif()
set_target_properties(${targets} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION
  ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# The two are exported apart: who does not ask for the component srtp needs no libsrtp2.
install(TARGETS mikey EXPORT mikeyTargets)
install(EXPORT mikeyTargets NAMESPACE mikey:: DESTINATION ${package_dir})
if(TARGET mikey_srtp)
  install(TARGETS mikey_srtp EXPORT mikeySrtpTargets)
  install(EXPORT mikeySrtpTargets NAMESPACE mikey:: DESTINATION ${package_dir})
endif()
configure_package_config_file(cmake/mikeyConfig.cmake.in ${generated}/mikeyConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${generated}/mikeyConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/mikeyConfig.cmake ${generated}/mikeyConfigVersion.cmake DESTINATION ${package_dir})
install(FILES ${pc_files} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY include/mikey DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

if(TARGET mikey_tool)
  install(TARGETS mikey_tool mikey_kms_tool)
  install(FILES packaging/completion/mikey.bash RENAME mikey
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  file(GLOB manual_pages CONFIGURE_DEPENDS doc/man/*.1)
  install(FILES ${manual_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
