// SPDX-License-Identifier: Apache-2.0
#include "cli/policy_folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>

#include "cli/output.h"

namespace nspect::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* mark = "# Written by nspect generate for ";
constexpr const char* mark_end = "; a later run replaces it, or removes it when it is not needed";

std::string marked(const PolicyFile& file) {
    const auto place = file.place.empty() ? "the cluster" : printable(file.place);
    const auto line = mark + place + mark_end + "\n";
    // The first line of a script says who reads it.
    if (!file.text.starts_with("#!")) return line + file.text;
    const auto end = std::min(file.text.find('\n'), file.text.size() - 1) + 1;
    return file.text.substr(0, end) + line + file.text.substr(end);
}

/// Whom a file that nspect wrote is about; nothing when it did not.
std::optional<std::string> place_of(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    for (int i = 0; i < 2 && std::getline(lines, line); ++i) {
        if (!line.starts_with(mark)) continue;
        const auto end = line.find(';');
        auto place = line.substr(std::string(mark).size(), end - std::string(mark).size());
        return place == "the cluster" ? "" : place;
    }
    return std::nullopt;
}

/// Without what is for readers only.
std::string without_comments(const std::string& text) {
    std::istringstream lines(text);
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find_first_not_of(' ');
        if (first == std::string::npos || line[first] != '#') kept += line + "\n";
    }
    return kept;
}

std::string text_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool is_policy_file(const fs::path& path) {
    const auto end = path.extension();
    return end == ".yaml" || end == ".yml" || end == ".nft";
}

using Texts = std::map<std::string, std::string>;

/// Names come from strangers: none leads to another folder, and none deceives who lists it.
std::string plain_name(std::string name) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    for (char& each : name) each = plain(each) ? each : '-';
    if (name.front() == '.') name.front() = '-';
    return name;
}

/// Two policies of one file name share the file.
std::map<std::string, PolicyFile> by_name(std::vector<PolicyFile> files) {
    std::map<std::string, PolicyFile> named;
    for (auto& file : files) {
        file.name = plain_name(std::move(file.name));
        const auto [entry, added] = named.try_emplace(file.name, file);
        if (!added) entry->second.text += "---\n" + file.text;
    }
    return named;
}

Result<Texts> texts_in(const std::string& folder) {
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (failed) return error_from_errno(failed.value(), "cannot make the folder", folder);
    Texts texts;
    const fs::directory_iterator end;
    for (fs::directory_iterator at(folder, failed); !failed && at != end; at.increment(failed)) {
        std::error_code unknown;
        if (!at->is_regular_file(unknown) || !is_policy_file(at->path())) continue;
        texts[at->path().filename().string()] = text_of(at->path());
    }
    if (failed) return error_from_errno(failed.value(), "cannot list the folder", folder);
    return texts;
}

std::string list_of(const std::vector<std::string>& names) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < most; ++i) {
        text += (i == 0 ? " (" : ", ") + names[i];
    }
    if (names.size() > most) text += ", ...";
    return names.empty() ? "" : text + ")";
}

}  // namespace

Result<FolderChange> write_policy_folder(const std::string& folder, std::vector<PolicyFile> files,
                                         const std::set<std::string>& places) {
    const auto texts = texts_in(folder);
    if (!texts) return texts.error();
    const auto wanted = by_name(std::move(files));
    std::set<std::string> covered;
    for (const auto& place : places) covered.insert(printable(place));
    FolderChange change;
    for (const auto& [name, text] : *texts) {
        const auto place = place_of(text);
        const bool needed = wanted.contains(name);
        if (needed && !place) {
            return Error{Error::Kind::invalid, "a file that nspect did not write is in the way",
                         "move it, or name another folder with --out",
                         (fs::path(folder) / name).string()};
        }
        if (needed) continue;
        if (!place) {
            change.foreign.push_back(name);
        } else {
            const bool ours = place->empty() || covered.contains(*place);
            (ours ? change.removed : change.left).push_back(name);
        }
    }
    for (const auto& [name, file] : wanted) {
        const auto before = texts->find(name);
        if (before != texts->end() &&
            without_comments(before->second) == without_comments(file.text)) {
            ++change.same;
            continue;
        }
        (before == texts->end() ? change.added : change.changed).push_back(name);
        const auto written = write_file((fs::path(folder) / name).string(), marked(file));
        if (!written) return written.error();
    }
    for (const auto& name : change.removed) {
        std::error_code failed;
        fs::remove(fs::path(folder) / name, failed);
        if (failed) return error_from_errno(failed.value(), "cannot remove the file", name);
    }
    return change;
}

std::string to_words(const std::string& folder, const FolderChange& change) {
    std::string words = folder + ": " + std::to_string(change.added.size()) + " added, " +
                        std::to_string(change.changed.size()) + " changed" +
                        list_of(change.changed) + ", " + std::to_string(change.same) +
                        " as before, " + std::to_string(change.removed.size()) + " removed" +
                        list_of(change.removed) + ".";
    if (!change.left.empty()) {
        words += "\nLeft as they are, of namespaces this run does not cover: " +
                 std::to_string(change.left.size()) + list_of(change.left) + ".";
    }
    if (!change.foreign.empty()) {
        words += "\nNot written by nspect, left alone: " + std::to_string(change.foreign.size()) +
                 list_of(change.foreign) + ".";
    }
    return words;
}

}  // namespace nspect::cli
