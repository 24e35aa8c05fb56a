# cmake -DOUT=FILE -DNAMES=a;b -DFILES=path;path -P EmbedFiles.cmake
# Writes a C++ source with the text of each file and its SHA-256 (in hex), as viz/web/assets.h declares.
set(text "// Made by cmake/EmbedFiles.cmake.\n#include \"viz/web/assets.h\"\n\nnamespace nspect::viz::web {\n\n")
foreach(name path IN ZIP_LISTS NAMES FILES)
    file(READ ${path} content)
    file(SHA256 ${path} digest)
    if(path MATCHES "\\.js$" AND content MATCHES "</script|\\)nspect\"")
        message(FATAL_ERROR "${path} cannot be embedded: it holds the end of a script or of a raw string")
    endif()
    string(APPEND text "const Asset ${name}{R\"nspect(${content})nspect\", \"${digest}\"};\n\n")
endforeach()
file(WRITE ${OUT} "${text}}  // namespace nspect::viz::web\n")
