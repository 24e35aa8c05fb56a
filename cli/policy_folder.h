// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/result.h"

namespace nspect::cli {

/// One generated file.
struct PolicyFile {
    std::string name;   ///< "shop-nspect-web.yaml"
    std::string place;  ///< the namespace or project it is about; empty for a whole host
    std::string text;
};

/// What writing a folder came to.
struct FolderChange {
    std::vector<std::string> added;
    std::vector<std::string> changed;
    std::vector<std::string> removed;  ///< written by an earlier run, of no policy any more
    std::vector<std::string> left;     ///< of an earlier run, about places this one does not cover
    std::vector<std::string> foreign;  ///< YAML of someone else: never touched
    std::size_t same = 0;              ///< the same but for comments: not written again
};

/// Makes the folder hold exactly these files, of those that nspect wrote and that are about
/// `places` (the empty place is every run's). A first line marks what nspect wrote; a file under a
/// name that is needed and without the mark is an Error, and nothing is written then.
Result<FolderChange> write_policy_folder(const std::string& folder, std::vector<PolicyFile> files,
                                         const std::set<std::string>& places);

/// "policies/: 2 added, 1 changed, 5 as before, 1 removed (shop-nspect-old.yaml)."
std::string to_words(const std::string& folder, const FolderChange& change);

}  // namespace nspect::cli
