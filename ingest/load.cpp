// SPDX-License-Identifier: Apache-2.0
#include "ingest/load.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include "ingest/document/read.h"
#include "ingest/kubernetes/kinds.h"

namespace nspect::ingest {

namespace {

namespace fs = std::filesystem;

void read_text(const std::string& name, std::string_view text, Staging& staging,
               Diagnostics& diagnostics) {
    const SourceTextView source(name, without_byte_order_mark(text));
    Report report(source, diagnostics);
    read_documents(report, [&](const FoundObject& found) { read_object(found, report, staging); });
}

bool is_manifest(const fs::path& path) {
    const std::string extension = path.extension().string();
    return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

/// One byte more than the bound is read, so that whoever checks it sees that there was more.
std::string read_all(std::istream& stream) {
    constexpr std::size_t chunk = std::size_t{1} << 20U;
    std::string text;
    while (stream && text.size() <= largest_file) {
        const std::size_t before = text.size();
        text.resize(before + std::min(chunk + before / 2, largest_file + 1 - before));
        stream.read(text.data() + before, static_cast<std::streamsize>(text.size() - before));
        text.resize(before + static_cast<std::size_t>(stream.gcount()));
    }
    return text;
}

Result<std::string> read_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return error_from_errno(errno == 0 ? EIO : errno, "cannot open the file", path);
    std::string text = read_all(file);
    if (file.bad()) return error_from_errno(EIO, "cannot read the file", path);
    return text;
}

// Links to folders are not followed: they may lead in a circle.
Result<std::vector<std::string>> files_below(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, error);
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        std::error_code ignored;
        if (is_manifest(entry->path()) && entry->is_regular_file(ignored)) {
            files.push_back(entry->path().string());
        }
    }
    if (error) return error_from_errno(error.value(), "cannot read the folder", folder);
    if (files.empty()) {
        return Error{Error::Kind::not_found, "no manifest in this folder",
                     "manifests are files named .yaml, .yml or .json", folder};
    }
    std::sort(files.begin(), files.end());
    return files;
}

Result<std::vector<std::string>> files_of(const std::string& input) {
    std::error_code error;
    if (input == "-") return std::vector<std::string>{input};
    const fs::file_status status = fs::status(input, error);
    if (!fs::exists(status)) {
        return error_from_errno(error ? error.value() : ENOENT, "cannot open", input);
    }
    if (fs::is_directory(status)) return files_below(input);
    return std::vector<std::string>{input};
}

Status read_input(const std::string& file, Staging& staging, Diagnostics& diagnostics) {
    if (file == "-") {
        read_text("<stdin>", read_all(std::cin), staging, diagnostics);
        return done;
    }
    auto text = read_file(file);
    if (!text) return std::move(text).error();
    read_text(file, *text, staging, diagnostics);
    return done;
}

}  // namespace

Result<Bundle> load(const std::vector<std::string>& inputs, Diagnostics& diagnostics) {
    return load(inputs, {}, diagnostics);
}

Result<Bundle> load(const std::vector<std::string>& inputs, const std::vector<NamedText>& texts,
                    Diagnostics& diagnostics) {
    Staging staging;
    for (const std::string& input : inputs) {
        auto files = files_of(input);
        if (!files) return std::move(files).error();
        for (const std::string& file : *files) {
            if (auto read = read_input(file, staging, diagnostics); !read) {
                return std::move(read).error();
            }
        }
    }
    for (const NamedText& text : texts) read_text(text.name, text.text, staging, diagnostics);
    return std::move(staging).finish(diagnostics);
}

Bundle load_texts(const std::vector<NamedText>& texts, Diagnostics& diagnostics) {
    Staging staging;
    for (const NamedText& text : texts) read_text(text.name, text.text, staging, diagnostics);
    return std::move(staging).finish(diagnostics);
}

}  // namespace nspect::ingest
