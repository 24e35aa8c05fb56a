// SPDX-License-Identifier: Apache-2.0
#include "cli/page.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "analyzer/generate.h"
#include "cli/progress.h"
#include "viz/views.h"

namespace nspect::cli {

namespace {

constexpr std::uintmax_t most_bytes = 32'000'000;  // of one file

std::string text_of(const std::string& path) {
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed) || failed) return "";
    if (std::filesystem::file_size(path, failed) > most_bytes || failed) return "";
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

viz::SourceTexts texts_of(const std::vector<Policy>& policies) {
    viz::SourceTexts texts;
    for (const Policy& policy : policies) {
        const auto [place, added] = texts.try_emplace(policy.where.file);
        if (added) place->second = text_of(policy.where.file);
    }
    return texts;
}

}  // namespace

void add_page(const analyzer::PolicyEngine& engine, const Loaded& loaded,
              const analyzer::Audit& audit, bool quiet, viz::View& view) {
    viz::add_talks(audit, loaded.conversations, loaded.context, view);
    viz::add_page_tables(view);
    Progress progress("proposing policies", quiet, 0, "conversations");
    const auto& policies = loaded.world.policies;
    viz::add_policy_texts(policies, texts_of(policies),
                          analyzer::generate(engine, loaded.conversations, {}, told_to(progress)),
                          view);
}

}  // namespace nspect::cli
