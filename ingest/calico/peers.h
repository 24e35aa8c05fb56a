// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "ingest/calico/documents.h"
#include "model/inventory.h"

namespace nspect::ingest {

/// Whom Calico's selectors name, given everything that was read.
class CalicoPeers {
public:
    /// Both must outlive it.
    CalicoPeers(const Inventory& inventory, const CalicoDocuments& documents);

    /// The terms as the normal form has them; service accounts are replaced by their names.
    std::vector<PodPeer> pods(const std::vector<PodTerm>& terms) const;
    /// The blocks of all network sets for which the expression holds.
    IpSet set_addresses(const Expression& expression) const;
    /// The domains of those sets; a condition where they name more than is written.
    std::vector<std::string> set_domains(const Expression& expression, Rule& rule) const;

    /// The peers of a rule: `rule` and, where more must be said, a second one after it. Both have
    /// everything but peers from `written`.
    std::vector<Rule> rules(const CalicoRule& written, const CalicoEntity& entity,
                            Direction direction) const;

    /// Whom a rule of the policy is about: the subject, narrowed by the entity on its own side.
    /// Adds a condition to the rule where that cannot be said. Nothing: nobody.
    std::vector<PodPeer> subjects(const Expression& subject, const CalicoEntity& own,
                                  CalicoRule& rule) const;

    const Service* find(const CalicoServiceRef& service) const;

private:
    struct Limit;
    void add_accounts(const PodTerm& term, PodPeer pods, std::vector<PodPeer>& peers) const;
    Limit limit_of(const CalicoRule& rule, const CalicoEntity& entity) const;
    std::vector<Peer> selected(const CalicoEntity& entity, const Limit& limit, Rule& rule) const;
    std::vector<Peer> excluded(const CalicoEntity& entity, const Limit& limit, Rule& rule) const;
    std::vector<Peer> peers_of(const CalicoEntity& entity, const Limit& limit, Rule& rule) const;
    std::vector<Rule> service_rules(const CalicoRule& written, const CalicoEntity& entity,
                                    Direction direction) const;
    bool holds_pods(const IpSet& addresses) const;
    std::vector<Peer> limited(const std::vector<PodTerm>& terms, const IpSet& addresses) const;
    void check_own_blocks(const std::vector<PodPeer>& subjects, const CalicoEntity& own,
                          CalicoRule& rule, bool& nobody) const;

    const Inventory& inventory_;
    const CalicoDocuments& documents_;
    std::vector<Labels> set_labels_;  ///< of each set, with what Calico adds
    std::set<IpAddress> pod_addresses_;
    IpSet node_addresses_;             ///< those of pods on the host network among them
    bool all_addresses_known_ = true;  ///< of every pod that is not on the host network
};

}  // namespace nspect::ingest
