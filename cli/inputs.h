// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/audit.h"
#include "analyzer/engine.h"
#include "analyzer/how_far.h"
#include "analyzer/world.h"
#include "cli/output.h"
#include "model/conversation.h"
#include "model/recording.h"
#include "model/result.h"

namespace nspect::cli {

/// What the inputs of a verb came to: manifests and recordings in any order, each recognised by
/// what it is.
struct Loaded {
    analyzer::World world;
    Recording context;  ///< of all recordings, without their sightings unless asked for
    std::vector<Conversation> conversations;
    std::size_t recordings = 0;
    bool has_manifests = false;
};

struct LoadOptions {
    std::string ip_block_pods;       ///< "yes", "no", or empty: as the plugin does
    std::string cni = "kubernetes";  ///< a profile of analyzer/cni.h
    bool staged = false;             ///< as if staged policies were enforced
    bool need_recording = false;
    /// Takes what is wrong with the documents, instead of it being printed; what is whole is then
    /// used all the same. Must outlive the loading.
    Diagnostics* diagnostics = nullptr;
    bool need_manifests = false;
    /// Leaves the sightings in `context` and makes no conversations: for who makes them one by one.
    bool keep_sightings = false;
    /// Of recordings, only what began then or later.
    Timestamp since{};
};

/// Declares --cni and --ipblock-matches-pods.
void declare_policy_options(CommandLine& line, LoadOptions& options);
/// Declares --staged.
void declare_staged_option(CommandLine& line, LoadOptions& options);

/// Whether one of them is a recording, or a folder with one where none is named.
bool name_a_recording(const std::vector<std::string>& inputs);

/// Reads everything. Diagnostics are printed; an Error means that nothing sensible can be said (an
/// input cannot be opened, a document has errors).
Result<Loaded> load_inputs(const std::vector<std::string>& inputs, const LoadOptions& options,
                           const OutputOptions& output);

/// Names and joins what the recordings in `context` saw; their sightings are used up. With
/// `keep_sightings` they are named and left as they are.
void join_recordings(Loaded& loaded, bool keep_sightings = false,
                     const analyzer::HowFar& how_far = {});

/// Of the conversations; with `keep_sightings` of those made of them, none of which is kept. These
/// sightings are used up.
analyzer::Audit audit_of(const analyzer::PolicyEngine& engine, Loaded& loaded,
                         const analyzer::AuditOptions& options, const analyzer::HowFar& how_far);

}  // namespace nspect::cli
