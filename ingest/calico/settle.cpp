// SPDX-License-Identifier: Apache-2.0
#include "ingest/calico/settle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ingest/calico/peers.h"
#include "ingest/staged.h"

namespace nspect::ingest {

namespace {

constexpr double no_order = 1e300;       // a tier without order comes after those with one
constexpr double missing_order = 1e301;  // and one that is not there after all

/// Tiers that Kubernetes' own policies live in, by the stage of those.
struct SharedTier {
    std::string_view name;
    double order;
    std::string_view stage;
};
constexpr std::array<SharedTier, 5> shared_tiers{{
    {"default", namespace_stage, "namespace"},
    {"adminnetworkpolicy", admin_stage, "admin"},
    {"kube-admin", admin_stage, "admin"},
    {"baselineadminnetworkpolicy", baseline_stage, "baseline"},
    {"kube-baseline", baseline_stage, "baseline"},
}};

struct TierPlace {
    Stage stage;
    bool denies = true;
    bool known = true;
};

/// Tiers of equal order are asked by name; the stages shared with other languages have other names.
double beside_shared(double order, std::string_view name) {
    for (const SharedTier& shared : shared_tiers) {
        if (order != shared.order) continue;
        const double side = std::numeric_limits<double>::infinity();
        return std::nextafter(order, name < shared.name ? -side : side);
    }
    return order;
}

TierPlace place_of(const std::string& name, const std::vector<CalicoTier>& tiers) {
    const auto tier = std::find_if(tiers.begin(), tiers.end(),
                                   [&](const CalicoTier& one) { return one.name == name; });
    for (const SharedTier& shared : shared_tiers) {
        if (name != shared.name) continue;
        const bool denies = tier == tiers.end() ? name == "default" : tier->denies;
        return {{shared.order, std::string(shared.stage)}, denies, true};
    }
    if (tier == tiers.end()) return {{missing_order, name}, true, false};
    const double order = std::clamp(tier->order.value_or(no_order), -no_order, no_order);
    return {{beside_shared(order, name), name}, tier->denies, true};
}

class Settler {
public:
    Settler(const Inventory& inventory, const CalicoDocuments& documents, Diagnostics& diagnostics)
        : peers_(inventory, documents), tiers_(documents.tiers), diagnostics_(diagnostics) {}

    /// One policy as written: the first of the result isolates and has the rules about all of its
    /// pods; the others have rules about some of them.
    std::vector<Policy> settle(CalicoPolicy written) {
        const TierPlace tier = place_of(written.tier, tiers_);
        if (!tier.known) diagnostics_.add(written.missing_tier);
        Policy whole = std::move(written.policy);
        whole.stage = tier.stage;
        whole.isolates_ingress = whole.isolates_ingress && tier.denies;
        whole.isolates_egress = whole.isolates_egress && tier.denies;
        whole.subjects = peers_.pods(*pod_terms(written.subject));
        std::vector<Policy> parts{std::move(whole)};
        for (CalicoRule& rule : written.ingress) {
            add(parts, written.subject, rule, Direction::ingress);
        }
        for (CalicoRule& rule : written.egress) {
            add(parts, written.subject, rule, Direction::egress);
        }
        return parts;
    }

private:
    void add(std::vector<Policy>& parts, const Expression& subject, CalicoRule& rule,
             Direction direction) {
        const bool in = direction == Direction::ingress;
        const CalicoEntity& own = in ? rule.destination : rule.source;
        const CalicoEntity& peer = in ? rule.source : rule.destination;
        const std::string said = rule.rule.condition;
        const auto subjects = peers_.subjects(subject, own, rule);
        if (subjects.empty()) return;
        if (peer.service && peers_.find(*peer.service) == nullptr) {
            diagnostics_.add(peer.service->missing);
        }
        Policy& part = part_for(parts, subjects);
        for (Rule& made : peers_.rules(rule, peer, direction)) {
            if (made.condition != said) say(rule.narrower, made.condition);
            (in ? part.ingress : part.egress).push_back(std::move(made));
        }
    }

    void say(Diagnostic narrower, const std::string& condition) {
        narrower.message += condition;
        diagnostics_.add(std::move(narrower));
    }

    static Policy& part_for(std::vector<Policy>& parts, const std::vector<PodPeer>& subjects) {
        for (Policy& part : parts) {
            if (part.subjects == subjects) return part;
        }
        Policy part = parts.front();
        part.subjects = subjects;
        part.isolates_ingress = part.isolates_egress = false;
        part.ingress.clear();
        part.egress.clear();
        parts.push_back(std::move(part));
        return parts.back();
    }

    CalicoPeers peers_;
    const std::vector<CalicoTier>& tiers_;
    Diagnostics& diagnostics_;
};

/// The staged policy the action is about; documents of one name were read in the same order.
std::vector<Policy> policies_of(const CalicoStagedAction& action, std::vector<Policy>& staged) {
    std::vector<Policy> own;
    if (action.kubernetes) own.push_back(*action.kubernetes);
    for (const Policy& policy : staged) {
        if (policy.kind == action.kind && policy.namespace_name == action.namespace_name &&
            policy.name == action.name) {
            own.push_back(policy);
        }
    }
    return own;
}

}  // namespace

void settle_calico(CalicoDocuments documents, Bundle& bundle, Diagnostics& diagnostics) {
    if (documents.empty()) return;
    std::vector<Policy> staged;
    Settler settler(bundle.inventory, documents, diagnostics);
    for (CalicoPolicy& written : documents.policies) {
        auto& into = written.staged ? staged : bundle.policies;
        for (Policy& part : settler.settle(std::move(written))) into.push_back(std::move(part));
    }
    for (const CalicoStagedAction& action : documents.staged) {
        bundle.staged.push_back({action.kind, action.namespace_name, action.name, action.removes,
                                 policies_of(action, staged), action.where});
    }
    put_in_calico_order(bundle.policies);
}

}  // namespace nspect::ingest
