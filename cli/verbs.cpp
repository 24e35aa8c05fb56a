// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

namespace nspect::cli {

const std::vector<Verb>& verbs() {
    static const std::vector<Verb> table{
        {"doctor", "what can be captured here, what is missing and how to get it", declare_doctor},
        {"targets", "network namespaces, veths and containers found here", declare_targets},
        {"capture", "record traffic, live or from capture files", declare_capture},
        {"flows", "the conversations of a recording", declare_flows},
        {"connectivity", "what declared policy lets talk to what", declare_connectivity},
        {"audit", "what was seen, held against what is declared", declare_audit},
        {"explain", "why one thing reaches another, or does not", declare_explain},
        {"generate", "least-privilege policies from recordings, with the proof", declare_generate},
        {"diff", "what a change of policy opens and closes", declare_diff},
        {"lint", "mistakes in policies", declare_lint},
        {"graph", "the communication graph as a picture", declare_graph},
    };
    return table;
}

}  // namespace nspect::cli
