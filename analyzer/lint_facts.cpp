// SPDX-License-Identifier: Apache-2.0
#include "analyzer/lint_facts.h"

#include <algorithm>
#include <set>

#include "analyzer/capture_quality.h"

namespace nspect::analyzer {
namespace {

constexpr std::size_t most_named = 3;
constexpr std::size_t most_members = 16;  // endpoints looked at to name the workloads of a class

bool includes(const IdSet& outer, const IdSet& inner) {
    return inner.size() <= outer.size() &&
           std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

bool meet(const IdSet& a, const IdSet& b) {
    const IdSet& few = a.size() < b.size() ? a : b;
    const IdSet& many = a.size() < b.size() ? b : a;
    return std::any_of(few.begin(), few.end(), [&](std::uint32_t id) {
        return std::binary_search(many.begin(), many.end(), id);
    });
}

}  // namespace

bool contains(const PeerSet& outer, const PeerSet& inner) {
    if (outer.inverted) {
        return inner.inverted ? includes(inner.ids, outer.ids) : !meet(outer.ids, inner.ids);
    }
    return !inner.inverted && includes(outer.ids, inner.ids);
}

bool overlap(const PeerSet& a, const PeerSet& b, std::uint32_t universe) {
    if (!a.inverted && !b.inverted) return meet(a.ids, b.ids);
    if (a.inverted && b.inverted) return unite(a.ids, b.ids).size() < universe;
    return a.inverted ? !includes(a.ids, b.ids) : !includes(b.ids, a.ids);
}

bool has(const PeerSet& set, std::uint32_t peer) {
    return std::binary_search(set.ids.begin(), set.ids.end(), peer) != set.inverted;
}

bool is_empty(const PeerSet& set, std::uint32_t universe) {
    return set.ids.size() == (set.inverted ? universe : 0);
}

LintFacts::LintFacts(const PolicyEngine& policy_engine, const LintInput& given)
    : engine(policy_engine),
      input(given),
      world(policy_engine.world()),
      compiled(policy_engine.compiled()),
      pods(world) {
    representatives_.resize(compiled.classes.count());
    members_.resize(compiled.classes.count());
    const auto& class_of = compiled.classes.class_of;
    for (std::uint32_t i = 0; i < class_of.size(); ++i) {
        auto& members = members_[class_of[i]];
        if (members.empty()) representatives_[class_of[i]] = i;
        if (members.size() < most_members) members.push_back(i);
    }
    number_subjects();
    if (input.conversations == nullptr) return;
    rules = rule_evidence(engine, *input.conversations);
    set_window();
}

void LintFacts::set_window() {
    if (input.context != nullptr) {
        lossy = is_lossy(*input.context);
        first = input.context->info.started;
        last = input.context->info.ended.value_or(first);
    }
    for (const Conversation& each : *input.conversations) {
        if (first == Timestamp{} || each.first < first) first = each.first;
        last = std::max(last, each.last);
    }
}

void LintFacts::number_subjects() {
    std::map<std::vector<std::uint32_t>, std::uint32_t> by_terms;
    std::map<IdSet, std::uint32_t> by_classes;
    for (const PolicyRef& each : compiled.rules.policies()) {
        const auto [entry, fresh] = by_terms.try_emplace(each.subjects, 0);
        if (fresh) {
            IdSet classes;
            for (const std::uint32_t term : each.subjects) {
                classes = unite(classes, compiled.classes.pods[term]);
            }
            const auto next = static_cast<std::uint32_t>(subject_sets_.size());
            const auto [known, is_new] = by_classes.try_emplace(classes, next);
            if (is_new) subject_sets_.push_back(std::move(classes));
            entry->second = known->second;
        }
        subject_number_.push_back(entry->second);
    }
}

std::size_t LintFacts::count(const IdSet& classes) const {
    std::size_t sum = 0;
    for (const std::uint32_t id : classes) sum += compiled.classes.sizes[id];
    return sum;
}

std::string LintFacts::workloads(const IdSet& classes, bool (*counts)(const Endpoint&)) const {
    std::set<std::string> names;
    bool more = false;
    for (const std::uint32_t id : classes) {
        for (const std::uint32_t member : members_[id]) {
            const Endpoint& endpoint = world.inventory.endpoints()[member];
            if (counts == nullptr || counts(endpoint)) {
                names.insert(to_string(world.inventory.workload_of(endpoint)));
            }
        }
        more = names.size() > most_named;
        if (more) break;
    }
    std::string text;
    std::size_t shown = 0;
    for (const std::string& name : names) {
        if (shown++ == most_named) break;
        text += (text.empty() ? "" : ", ") + name;
    }
    return more ? text + " and more" : text;
}

std::uint32_t LintFacts::peers_number(const RuleName& name) {
    const auto& refs = ref(name).peers;
    auto& index = peer_index_[name.direction == Direction::ingress ? 0 : 1];
    const bool undefined =
        std::any_of(rule(name).peers.begin(), rule(name).peers.end(), [&](const Peer& peer) {
            const auto* block = std::get_if<AddressPeer>(&peer);
            return block != nullptr && block->pods == PodsByAddress::undefined &&
                   !world.options.ip_block_pods_settled;
        });
    const auto next = static_cast<std::uint32_t>(peer_sets_.size());
    const auto [entry, fresh] = index.try_emplace({undefined, refs}, next);
    if (!fresh) return entry->second;
    std::vector<PeerRef> sure;
    std::vector<PeerRef> by_block;
    for (const PeerRef& each : refs) {
        const bool block = undefined && each.kind == PeerRef::Kind::addresses;
        (block ? by_block : sure).push_back(each);
    }
    const PeerSpace& space = compiled.profiles(name.direction).peers();
    peer_sets_.push_back({space.resolve(sure), space.resolve(by_block)});
    return next;
}

TrafficId LintFacts::traffic_of(const RuleName& name) {
    const TrafficId theirs = ref(name).traffic;
    const auto [entry, fresh] = traffic_numbers_.try_emplace(theirs, TrafficPool::none);
    if (fresh) entry->second = traffic.intern(compiled.rules.traffic()[theirs]);
    return entry->second;
}

std::string LintFacts::title(std::size_t index) const {
    const auto& where = policy(index).where;
    const std::string text = policy_title(policy(index));
    return where.file.empty() ? text : text + " (" + to_string(where) + ')';
}

std::string LintFacts::title(const RuleName& name) const {
    const Rule& one = rule(name);
    const auto& where = one.where.file.empty() ? policy(name.policy).where : one.where;
    std::string text =
        std::string(to_string(name.direction)) + " rule " + std::to_string(one.index);
    if (!one.name.empty()) text += " \"" + one.name + '"';
    text += " of " + policy_title(policy(name.policy));
    return where.file.empty() ? text : text + " (" + to_string(where) + ')';
}

Finding& LintFacts::report(std::string_view code, Severity severity, std::size_t index,
                           std::string message) {
    Finding finding;
    finding.code = code;
    finding.severity = severity;
    finding.subject = policy_title(policy(index));
    finding.message = std::move(message);
    if (!policy(index).where.file.empty()) finding.location = policy(index).where;
    findings.push_back(std::move(finding));
    return findings.back();
}

Finding& LintFacts::report(std::string_view code, Severity severity, const RuleName& name,
                           std::string message) {
    Finding& finding = report(code, severity, name.policy, std::move(message));
    const Rule& one = rule(name);
    finding.subject +=
        ' ' + std::string(to_string(name.direction)) + " rule " + std::to_string(one.index);
    if (!one.name.empty()) finding.subject += " \"" + one.name + '"';
    if (!one.where.file.empty()) finding.location = one.where;
    return finding;
}

void LintFacts::report_incomplete(std::string_view code, const std::string& what) {
    Finding finding;
    finding.code = "lint-incomplete";
    finding.severity = Severity::info;
    finding.subject = code;
    finding.message = "there is too much to compare: " + what;
    findings.push_back(std::move(finding));
}

}  // namespace nspect::analyzer
