// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/naive_calico.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "model/ip.h"

namespace nspect::oracle::calico {
namespace {

/// Reads and evaluates at once, from left to right; texts are known to be right.
class Evaluation {
public:
    Evaluation(const std::string& text, const LabelMap& labels) : text_(text), labels_(labels) {}

    bool whole() { return text_.empty() || either(); }

private:
    void blank() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    bool next_is(const std::string& word) {
        blank();
        if (text_.compare(at_, word.size(), word) != 0) return false;
        at_ += word.size();
        blank();
        return true;
    }
    bool either() {
        bool result = conjunction();
        while (next_is("||")) result = conjunction() || result;
        return result;
    }
    bool conjunction() {
        bool result = one();
        while (next_is("&&")) result = one() && result;
        return result;
    }
    bool one() {
        if (next_is("!")) return !one();
        if (next_is("(")) {
            const bool result = either();
            next_is(")");
            return result;
        }
        if (next_is("all()")) return true;
        if (next_is("global()")) return labels_.count("projectcalico.org/namespace") == 0;
        if (next_is("has(")) {
            const bool result = labels_.count(key()) > 0;
            next_is(")");
            return result;
        }
        return comparison();
    }
    std::string key() {
        const std::size_t from = at_;
        at_ = text_.find_first_of(" ()='!{", at_);
        std::string name = text_.substr(from, at_ - from);
        blank();
        return name;
    }
    std::string value() {
        const std::size_t end = text_.find('\'', at_ + 1);
        std::string text = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        blank();
        return text;
    }
    bool in_set(const std::string* own) {
        bool found = false;
        while (!next_is("}")) {
            const std::string each = value();
            found = found || (own != nullptr && *own == each);
            next_is(",");
        }
        return found;
    }
    bool comparison() {
        const auto label = labels_.find(key());
        const std::string* own = label == labels_.end() ? nullptr : &label->second;
        if (next_is("not in {")) return !in_set(own);
        if (next_is("in {")) return in_set(own);
        if (next_is("==")) {
            const std::string wanted = value();
            return own != nullptr && *own == wanted;
        }
        if (next_is("!=")) {
            const std::string wanted = value();
            return own == nullptr || *own != wanted;
        }
        if (next_is("contains")) {
            const std::string wanted = value();
            return own != nullptr && own->find(wanted) != std::string::npos;
        }
        if (next_is("starts with")) {
            const std::string wanted = value();
            return own != nullptr && own->starts_with(wanted);
        }
        next_is("ends with");
        const std::string wanted = value();
        return own != nullptr && own->ends_with(wanted);
    }

    const std::string& text_;
    const LabelMap& labels_;
    std::size_t at_ = 0;
};

bool in_block(const std::string& address, const std::string& block) {
    return IpPrefix::parse(block)->contains(*IpAddress::parse(address));
}

bool in_any(const std::string& address, const std::vector<std::string>& blocks) {
    return std::any_of(blocks.begin(), blocks.end(),
                       [&](const std::string& block) { return in_block(address, block); });
}

bool is_v6(const std::string& text) {
    return text.find(':') != std::string::npos;
}

void add(LabelMap& into, const std::string& prefix, const LabelMap& from) {
    for (const auto& [key, value] : from) into[prefix + key] = value;
}

void add_space(const World& world, const std::string& space, LabelMap& labels) {
    labels["projectcalico.org/namespace"] = space;
    labels["pcns.projectcalico.org/name"] = space;
    labels["pcns.kubernetes.io/metadata.name"] = space;
    add(labels, "pcns.", world.spaces.at(space));
}

LabelMap labels_of(const World& world, const Pod& pod) {
    LabelMap labels = pod.labels;
    add_space(world, pod.space, labels);
    labels["projectcalico.org/orchestrator"] = "k8s";
    labels["projectcalico.org/serviceaccount"] = pod.account;
    labels["pcsa.projectcalico.org/name"] = pod.account;
    for (const Account& account : world.accounts) {
        if (account.space == pod.space && account.name == pod.account) {
            add(labels, "pcsa.", account.labels);
        }
    }
    return labels;
}

/// One end of a packet: its address, and the pod, if there is one.
struct End {
    const Pod* pod = nullptr;
    std::string address;
};

/// Every key of a selector with something in front of it.
std::string prefixed(const std::string& selector, const std::string& prefix) {
    std::string result;
    bool quoted = false;
    for (std::size_t i = 0; i < selector.size(); ++i) {
        const char c = selector[i];
        if (c == '\'') quoted = !quoted;
        const bool starts = i == 0 || std::string(" (!").find(selector[i - 1]) != std::string::npos;
        const std::string rest = selector.substr(i);
        const bool is_word = std::isalpha(static_cast<unsigned char>(c)) != 0;
        const std::string word = rest.substr(0, rest.find_first_of(" ("));
        const bool is_keyword = word == "has" || word == "all" || word == "global" ||
                                word == "in" || word == "not" || word == "contains" ||
                                word == "starts" || word == "ends" || word == "with";
        if (!quoted && starts && is_word && !is_keyword) result += prefix;
        result += c;
    }
    return result;
}

std::string on_spaces(const std::string& selector) {
    if (selector == "all()") return "has(projectcalico.org/namespace)";
    if (selector == "global()") return "!has(projectcalico.org/namespace)";
    return prefixed(selector, "pcns.");
}

class Judgement {
public:
    explicit Judgement(const World& world) : world_(world) {}

    bool passes(const End& from, const End& to, const Packet& packet) const {
        return side(false, from, to, packet) && side(true, from, to, packet);
    }

private:
    bool in_ip_set(const std::string& selector, const End& end) const {
        if (end.pod != nullptr && !end.pod->host_network &&
            holds(selector, labels_of(world_, *end.pod))) {
            return true;
        }
        for (const NetworkSet& set : world_.sets) {
            LabelMap labels = set.labels;
            if (!set.space.empty()) add_space(world_, set.space, labels);
            if (holds(selector, labels) && in_any(end.address, set.nets)) return true;
        }
        return false;
    }

    /// GetEntityRuleSelector of the documentation: what the criteria on endpoints come to.
    static std::string combined(const Entity& entity, const std::string& space) {
        std::vector<std::string> parts;
        const bool asks = !entity.selector.empty() || !entity.not_selector.empty() ||
                          !entity.account_names.empty() || !entity.account_selector.empty();
        if (!entity.namespace_selector.empty()) {
            parts.push_back(on_spaces(entity.namespace_selector));
        } else if (!space.empty() && asks) {
            parts.push_back("projectcalico.org/namespace == '" + space + "'");
        }
        if (!entity.selector.empty()) parts.push_back(entity.selector);
        if (!entity.account_selector.empty()) {
            parts.push_back(prefixed(entity.account_selector, "pcsa."));
        }
        if (!entity.account_names.empty()) {
            std::string names;
            for (const auto& name : entity.account_names) names += "'" + name + "', ";
            parts.push_back("projectcalico.org/serviceaccount in {" + names + "}");
        }
        std::string result;
        for (const auto& part : parts) result += (result.empty() ? "(" : " && (") + part + ")";
        return result;
    }

    bool is_in(const Entity& entity, const std::string& space, const End& end) const {
        const std::string selector = combined(entity, space);
        if (!selector.empty() && !in_ip_set(selector, end)) return false;
        if (!entity.not_selector.empty() && in_ip_set(entity.not_selector, end)) return false;
        if (!entity.nets.empty() && !in_any(end.address, entity.nets)) return false;
        return !in_any(end.address, entity.not_nets);
    }

    /// Behind the Service; with `ports`, also on one of its ports.
    bool is_behind(const Entity& entity, const std::string& space, const End& end,
                   const Packet* packet) const {
        const std::string place = entity.service_space.empty() ? space : entity.service_space;
        for (const Service& service : world_.services) {
            if (service.space != place || service.name != entity.service) continue;
            for (const Pod& pod : world_.pods) {
                const bool selected =
                    std::includes(pod.labels.begin(), pod.labels.end(), service.selector.begin(),
                                  service.selector.end());
                const auto& own = pod.addresses;
                if (pod.space != place || !selected) continue;
                if (std::find(own.begin(), own.end(), end.address) == own.end()) continue;
                if (packet == nullptr) return true;
                const int port =
                    service.target == "web" ? pod.web_port.value_or(-1) : std::stoi(service.target);
                if (packet->protocol == "TCP" && packet->port == port) return true;
            }
        }
        return false;
    }

    static bool is_port(const std::string& text, const std::string& protocol, const End& to,
                        const Packet& packet) {
        if (text == "web") {
            const bool tcp = protocol.empty() || protocol == "TCP" || protocol == "6";
            return tcp && packet.protocol == "TCP" && to.pod != nullptr &&
                   to.pod->web_port == packet.port;
        }
        const std::size_t colon = text.find(':');
        const int first = std::stoi(text);
        const int last = colon == std::string::npos ? first : std::stoi(text.substr(colon + 1));
        return first <= packet.port && packet.port <= last;
    }

    static bool is_traffic(const Rule& rule, const End& to, const Packet& packet) {
        const auto names = [&](const std::string& protocol) {
            return protocol == packet.protocol || (protocol == "6" && packet.protocol == "TCP") ||
                   (protocol == "17" && packet.protocol == "UDP");
        };
        if (!rule.protocol.empty() && !names(rule.protocol)) return false;
        if (!rule.not_protocol.empty() && names(rule.not_protocol)) return false;
        if (rule.icmp_type && packet.port != *rule.icmp_type) return false;
        const auto& ports = rule.destination.ports;
        const auto& not_ports = rule.destination.not_ports;
        const auto hit = [&](const std::string& text) {
            return is_port(text, rule.protocol, to, packet);
        };
        if (!ports.empty() && !std::any_of(ports.begin(), ports.end(), hit)) return false;
        return std::none_of(not_ports.begin(), not_ports.end(), hit);
    }

    /// A rule with blocks is one for their version only.
    static bool is_version(const Rule& rule, bool v6) {
        if (rule.ip_version != 0 && (rule.ip_version == 6) != v6) return false;
        for (const auto* blocks : {&rule.source.nets, &rule.source.not_nets, &rule.destination.nets,
                                   &rule.destination.not_nets}) {
            if (!blocks->empty() && is_v6(blocks->front()) != v6) return false;
        }
        return true;
    }

    bool matches(const Rule& rule, const std::string& space, bool ingress, const End& from,
                 const End& to, const Packet& packet) const {
        const Entity& peer = ingress ? rule.source : rule.destination;
        if (!peer.service.empty() &&
            !is_behind(peer, space, ingress ? from : to, ingress ? nullptr : &packet)) {
            return false;
        }
        return is_version(rule, is_v6(from.address)) && is_in(rule.source, space, from) &&
               is_in(rule.destination, space, to) && is_traffic(rule, to, packet);
    }

    bool applies(const Policy& policy, const End& subject, const std::string& type) const {
        const auto& types = policy.types;
        if (std::find(types.begin(), types.end(), type) == types.end()) return false;
        const LabelMap labels = labels_of(world_, *subject.pod);
        if (!policy.space.empty() && subject.pod->space != policy.space) return false;
        return holds(policy.selector, labels) &&
               holds(on_spaces(policy.namespace_selector), labels) &&
               holds(prefixed(policy.account_selector, "pcsa."), labels);
    }

    using TierKey = std::tuple<bool, double, std::string>;  // missing, order, name

    TierKey key_of(const std::string& tier) const {
        if (tier == "default") return {false, 1e6, tier};
        for (const Tier& each : world_.tiers) {
            const double last = std::numeric_limits<double>::infinity();
            if (each.name == tier) return {false, each.order.value_or(last), tier};
        }
        return {true, 0, tier};
    }

    bool denies(const std::string& tier) const {
        return std::none_of(world_.tiers.begin(), world_.tiers.end(), [&](const Tier& each) {
            return each.name == tier && each.default_action == "Pass";
        });
    }

    static std::pair<double, std::string> rank(const Policy& policy) {
        const bool kubernetes = policy.kind == "Kubernetes";
        const double last = std::numeric_limits<double>::infinity();
        const std::string name = (kubernetes ? "knp.default." : policy.tier + ".") + policy.name;
        return {kubernetes ? 1000 : policy.order.value_or(last),
                policy.space.empty() ? name : policy.space + "/" + name};
    }

    bool side(bool ingress, const End& from, const End& to, const Packet& packet) const {
        const End& subject = ingress ? to : from;
        if (subject.pod == nullptr || subject.pod->host_network) return true;
        std::map<TierKey, std::vector<const Policy*>> tiers;
        for (const Policy& policy : world_.policies) {
            if (!applies(policy, subject, ingress ? "Ingress" : "Egress")) continue;
            tiers[key_of(policy.tier)].push_back(&policy);
        }
        for (auto& [key, policies] : tiers) {
            std::sort(policies.begin(), policies.end(),
                      [](const Policy* a, const Policy* b) { return rank(*a) < rank(*b); });
            std::string verdict;
            for (const Policy* policy : policies) {
                for (const Rule& rule : ingress ? policy->ingress : policy->egress) {
                    if (!verdict.empty() || rule.action == "Log") continue;
                    if (matches(rule, policy->space, ingress, from, to, packet)) {
                        verdict = rule.action;
                    }
                }
            }
            if (verdict.empty()) verdict = denies(std::get<2>(key)) ? "Deny" : "Pass";
            if (verdict != "Pass") return verdict == "Allow";
        }
        return true;
    }

    const World& world_;
};

std::vector<std::string> addresses_of(const World& world, const Party& party) {
    if (!party.pod) return {party.address};
    return world.pods[*party.pod].addresses;
}

}  // namespace

bool holds(const std::string& selector, const LabelMap& labels) {
    return Evaluation(selector, labels).whole();
}

bool allowed(const World& world, const Party& from, const Party& to, const Packet& packet) {
    const Judgement judgement(world);
    for (const auto& source : addresses_of(world, from)) {
        for (const auto& target : addresses_of(world, to)) {
            if (is_v6(source) != is_v6(target)) continue;
            const Pod* client = from.pod ? &world.pods[*from.pod] : nullptr;
            const Pod* server = to.pod ? &world.pods[*to.pod] : nullptr;
            if (judgement.passes({client, source}, {server, target}, packet)) return true;
        }
    }
    return false;
}

}  // namespace nspect::oracle::calico
