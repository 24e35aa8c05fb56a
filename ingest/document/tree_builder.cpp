// SPDX-License-Identifier: Apache-2.0
#include "ingest/document/tree_builder.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace nspect::ingest {

namespace {

std::string text_of(const Node* node) {
    return node != nullptr && node->is_scalar() ? std::string(node->text) : std::string();
}

std::uint32_t saturated_sum(std::uint32_t a, std::uint32_t b) {
    const std::uint64_t sum = std::uint64_t{a} + b;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, 0xffffffffU));
}

// `last` is the newest child so far, or nullptr.
void append(Node* parent, Node* last, Node* child) {
    (last == nullptr ? parent->first : last->next) = child;
    ++parent->size;
    parent->weight = saturated_sum(parent->weight, child->weight);
    parent->height = std::max(parent->height, static_cast<std::uint16_t>(child->height + 1));
}

}  // namespace

TreeBuilder::TreeBuilder(Report& report, ObjectHandler handler, TreeLimits limits)
    : report_(report), handler_(std::move(handler)), limits_(limits) {}

void TreeBuilder::begin_document(bool merge_keys) {
    arena_.rewind({});
    stack_.clear();
    anchors_.clear();
    merge_keys_ = merge_keys;
    nodes_ = alias_nodes_ = item_index_ = 0;
    document_errors_ = item_errors_ = report_.errors();
    report_.set_base_path({});
}

bool TreeBuilder::wants_key() const {
    return !stack_.empty() && stack_.back().node->is_mapping() && !stack_.back().has_key;
}

bool TreeBuilder::begin(Node::Kind kind, Position at, std::string_view anchor) {
    if (wants_key()) {
        report_.error_at(at, "DOC011", "a key must be a plain text, not a list or a mapping",
                         template_hint(report_.source().line(at.line)));
        return false;
    }
    if (stack_.size() >= limits_.depth) {
        report_.error_at(at, "DOC006",
                         "nested deeper than " + std::to_string(limits_.depth) + " levels");
        return false;
    }
    if (is_items(stack_.size())) {
        item_mark_ = arena_.mark();
        item_errors_ = report_.errors();
        item_nodes_ = nodes_;
    }
    if (!count_nodes(1, at)) return false;
    Node* node = arena_.make<Node>();
    node->kind = kind;
    node->at = at;
    node->height = 1;
    if (!stack_.empty()) node->parent = stack_.back().node;
    stack_.push_back({node, nullptr, false, {}, {}, std::string(anchor)});
    return true;
}

// Whether a container that begins at `depth` is an item of a list.
bool TreeBuilder::is_items(std::size_t depth) const {
    if (depth == 0 || depth > 2 || !stack_[depth - 1].node->is_sequence()) return false;
    if (depth == 1) return true;
    return stack_[0].node->is_mapping() && stack_[0].key == "items";
}

bool TreeBuilder::end() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    if (frame.node->is_mapping()) {
        check_duplicates(*frame.node);
        if (merge_keys_ && frame.node->find("<<") != nullptr && !merge(frame)) return false;
    }
    if (!frame.anchor.empty()) anchors_[frame.anchor] = frame.node;
    return finish(frame.node);
}

bool TreeBuilder::finish(Node* node) {
    if (stack_.empty()) {
        finish_root(node);
        return true;
    }
    if (node->is_mapping() && is_items(stack_.size())) return finish_item(node);
    return attach(node);
}

bool TreeBuilder::scalar(std::string_view text, bool quoted, Position at, bool stable,
                         std::string_view anchor) {
    if (!stable) text = arena_.copy(text);
    if (wants_key() && anchor.empty()) return set_key(text, at);
    if (!count_nodes(1, at)) return false;
    Node* node = arena_.make<Node>();
    node->quoted = quoted;
    node->at = at;
    node->text = text;
    if (!anchor.empty()) anchors_[std::string(anchor)] = node;
    if (wants_key()) return set_key(text, at);
    return stack_.empty() ? finish(node) : attach(node);
}

bool TreeBuilder::set_key(std::string_view text, Position at) {
    Frame& frame = stack_.back();
    frame.has_key = true;
    frame.key = text;
    frame.key_at = at;
    return true;
}

bool TreeBuilder::attach(Node* node) {
    Frame& frame = stack_.back();
    node->parent = frame.node;
    if (frame.node->is_mapping()) {
        node->key = frame.key;
        node->key_at = frame.key_at;
        frame.has_key = false;
    }
    append(frame.node, frame.last, node);
    frame.last = node;
    return true;
}

bool TreeBuilder::alias(std::string_view anchor, Position at) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
        report_.error_at(at, "DOC008",
                         "no value before this one has the anchor &" + std::string(anchor));
        return false;
    }
    if (wants_key()) {
        if (found->second->is_scalar()) return set_key(found->second->text, at);
        report_.error_at(at, "DOC011", "a key must be a plain text, not a list or a mapping");
        return false;
    }
    if (stack_.empty() || !count_alias(*found->second, at)) return false;
    Node* copy = arena_.make<Node>();
    *copy = *found->second;
    copy->next = nullptr;
    return attach(copy);
}

bool TreeBuilder::count_nodes(std::size_t more, Position at) {
    nodes_ += more;
    if (nodes_ <= limits_.nodes) return true;
    report_.error_at(at, "DOC010",
                     "one object has more than " + std::to_string(limits_.nodes) + " values");
    return false;
}

// An alias is one node here but its whole tree to whoever walks it: that is what is bounded.
bool TreeBuilder::count_alias(const Node& target, Position at) {
    alias_nodes_ += target.weight;
    if (alias_nodes_ > limits_.alias_nodes) {
        report_.error_at(at, "DOC009",
                         "the aliases of this document stand for more than " +
                             std::to_string(limits_.alias_nodes) + " values");
        return false;
    }
    if (stack_.size() + target.height > limits_.depth) {
        report_.error_at(at, "DOC006",
                         "nested deeper than " + std::to_string(limits_.depth) + " levels");
        return false;
    }
    return count_nodes(1, at);
}

void TreeBuilder::check_duplicates(const Node& mapping) {
    constexpr std::size_t few = 16;
    std::unordered_set<std::string_view> seen;
    for (const Node& child : mapping) {
        const bool again = mapping.size <= few ? mapping.find(child.key) != &child
                                               : !seen.insert(child.key).second;
        if (!again || (merge_keys_ && child.key == "<<")) continue;
        const Node& earlier = *mapping.find(child.key);
        report_.key_error(child, "DOC007", "the key " + in_quotes(child.key) + " is given twice",
                          "the first is in line " + std::to_string(earlier.key_at.line));
    }
}

// Takes the "<<" entries out of the mapping and puts in their place what it does not say itself.
bool TreeBuilder::merge(Frame& frame) {
    std::vector<const Node*> sources;
    Node* node = frame.node;
    Node* child = node->first;
    node->first = frame.last = nullptr;
    node->size = 0;
    node->weight = node->height = 1;
    while (child != nullptr) {
        Node* next = child->next;
        child->next = nullptr;
        if (child->key == "<<") {
            sources.push_back(child);
        } else {
            append(frame.node, frame.last, child);
            frame.last = child;
        }
        child = next;
    }
    return std::all_of(sources.begin(), sources.end(), [&](const Node* source) {
        if (!source->is_sequence()) return merge_from(frame, *source, source->at);
        return std::all_of(source->begin(), source->end(),
                           [&](const Node& one) { return merge_from(frame, one, source->at); });
    });
}

bool TreeBuilder::merge_from(Frame& frame, const Node& from, Position at) {
    if (!from.is_mapping()) {
        report_.error(from, "DOC012", "a merge key takes a mapping or a list of mappings");
        return false;
    }
    std::unordered_set<std::string_view> present;
    for (const Node& child : *frame.node) present.insert(child.key);
    for (const Node& child : from) {
        if (present.count(child.key) != 0) continue;
        if (!count_alias(child, at)) return false;
        Node* copy = arena_.make<Node>();
        *copy = child;
        copy->next = nullptr;
        copy->parent = frame.node;
        append(frame.node, frame.last, copy);
        frame.last = copy;
    }
    return true;
}

// An item that says its own kind, or whose list has said it already, is handed out and forgotten.
bool TreeBuilder::finish_item(Node* node) {
    const bool below_items = stack_.size() == 2;
    const std::string list_kind = below_items ? text_of(stack_[0].node->find("kind")) : "";
    const bool says_kind = node->find("kind") != nullptr && node->find("apiVersion") != nullptr;
    const bool known = list_kind.empty() ? says_kind : list_kind.ends_with("List");
    const std::string index = std::to_string(item_index_++);
    if (below_items && !known) return attach(node);
    hand_out(node, list_kind, (below_items ? "items[" : "[") + index + "]", item_errors_);
    if (anchors_.empty()) {  // an anchor's tree may be asked for again
        arena_.rewind(item_mark_);
        nodes_ = item_nodes_;
    }
    return true;
}

void TreeBuilder::finish_root(Node* root) {
    const std::string kind = text_of(root->find("kind"));
    const Node* items = root->find("items");
    const bool is_list = kind.ends_with("List") && items != nullptr && items->is_sequence();
    if (root->is_sequence() && item_index_ > 0) return;
    if (!is_list && !(kind.empty() && items != nullptr && item_index_ > items->size)) {
        hand_out(root, {}, {}, document_errors_);
        return;
    }
    // What is left here came before the list named its kind.
    std::size_t index = 0;
    Node* next = nullptr;
    for (Node* item = items->first; item != nullptr; item = next) {
        next = item->next;
        hand_out(item, kind, "items[" + std::to_string(index++) + "]", document_errors_);
    }
}

void TreeBuilder::hand_out(Node* root, std::string list_kind, std::string path,
                           std::size_t errors_before) {
    FoundObject found{root, {}, {}, errors_before};
    if (!list_kind.empty() && root->find("kind") == nullptr) {
        found.list_kind = std::move(list_kind);
        const Node* list = root->parent == nullptr ? nullptr : root->parent->parent;
        if (list != nullptr) found.list_api_version = text_of(list->find("apiVersion"));
    }
    root->parent = nullptr;
    report_.set_base_path(std::move(path));
    handler_(found);
    report_.set_base_path({});
}

}  // namespace nspect::ingest
