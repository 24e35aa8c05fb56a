// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/audit.h"
#include "analyzer/baseline.h"
#include "analyzer/compliance.h"
#include "analyzer/connectivity.h"
#include "analyzer/diff.h"
#include "analyzer/generate.h"
#include "analyzer/generate_check.h"
#include "analyzer/lint.h"
#include "analyzer/observed_diff.h"
#include "analyzer/places.h"
#include "model/attachment.h"
#include "model/conversation.h"
#include "model/inventory.h"
#include "model/recording.h"
#include "viz/view.h"

/// The machine formats (DESIGN.md section 6), "schema": 1. Text that is not UTF-8 has its bad bytes
/// replaced by U+FFFD.
namespace nspect::viz {

std::string to_json(const analyzer::Connectivity& connectivity);
/// What is known, and statements of guidelines, go with the findings.
struct JudgedFindings {
    const analyzer::Compared* compared = nullptr;  ///< null: no baseline
    const std::vector<analyzer::ComplianceCheck>* compliance = nullptr;
};
std::string to_json(const analyzer::Audit& audit, const JudgedFindings& judged = {},
                    const std::vector<std::string>& warnings = {});
std::string to_json(const analyzer::ConnectivityDiff& diff);
std::string to_json(const analyzer::ObservedDiff& diff);
/// `world` is what was looked at.
std::string to_json(const analyzer::Lint& lint, const analyzer::World& world,
                    const JudgedFindings& judged = {});
std::string to_json(const Graph& graph, const std::vector<std::string>& warnings = {});
/// {"schema":1, TABLE.ID: [{COLUMN: CELL, ...}, ...]}, columns in lower case.
std::string to_json(const Table& table);
/// `warnings`: how far the recordings can be trusted (analyzer::capture_warnings). `changes`: from
/// the policies in force to these, when that was asked for.
std::string to_json(const analyzer::Generated& generated, const std::vector<std::string>& warnings,
                    const analyzer::ConnectivityDiff* changes = nullptr);
std::string to_json(const analyzer::Replay& replay, const std::vector<std::string>& warnings);
std::string to_json(const std::vector<TargetInfo>& targets,
                    const std::vector<Attachment>& attachments = {});
/// One object on one line, without the line end. `places` are those of the recording the
/// conversation came from.
std::string to_json_line(const Conversation& conversation, const Inventory& inventory,
                         const analyzer::Places& places);

}  // namespace nspect::viz
