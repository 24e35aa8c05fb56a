// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/document/arena.h"
#include "ingest/document/node.h"
#include "ingest/document/report.h"

namespace nspect::ingest {

/// One top-level object, or one item of a list. Its nodes live only during the call it comes with.
struct FoundObject {
    const Node* root = nullptr;
    std::string list_kind;         ///< "PodList" for an item that names no kind of its own; else ""
    std::string list_api_version;  ///< of that list
    std::size_t errors_before = 0;  ///< Report::errors() when its reading began
};
using ObjectHandler = std::function<void(const FoundObject&)>;

/// Bounds that hold whatever the input is.
struct TreeLimits {
    std::size_t depth = 200;            ///< containers within containers
    std::size_t nodes = 4'000'000;      ///< of one object
    std::size_t alias_nodes = 100'000;  ///< that aliases and merges of one document stand for
};

/// Makes trees from the events of a parser and hands out whole objects. Items of a list (the
/// sequence under a top-level "items", or a top-level sequence) are handed out one by one and
/// forgotten, so a list of any length needs the memory of one item. Uses no recursion. A function
/// that returns false has reported why; the rest of the document cannot be used.
class TreeBuilder {
public:
    TreeBuilder(Report& report, ObjectHandler handler, TreeLimits limits = {});

    /// Forgets everything about the document before. `merge_keys`: "<<" means what YAML 1.1 says.
    void begin_document(bool merge_keys);
    bool begin(Node::Kind kind, Position at, std::string_view anchor = {});
    bool end();
    /// Also for the keys of mappings. `stable`: the text outlives the tree and need not be copied.
    bool scalar(std::string_view text, bool quoted, Position at, bool stable = false,
                std::string_view anchor = {});
    bool alias(std::string_view anchor, Position at);

private:
    struct Frame {
        Node* node = nullptr;
        Node* last = nullptr;
        bool has_key = false;
        std::string_view key;
        Position key_at;
        std::string anchor;
    };

    bool attach(Node* node);
    bool wants_key() const;
    bool set_key(std::string_view text, Position at);
    bool count_nodes(std::size_t more, Position at);
    bool count_alias(const Node& target, Position at);
    bool merge(Frame& frame);
    bool merge_from(Frame& frame, const Node& from, Position at);
    void check_duplicates(const Node& mapping);
    bool is_items(std::size_t depth) const;
    bool finish(Node* node);
    bool finish_item(Node* node);
    void finish_root(Node* root);
    void hand_out(Node* root, std::string list_kind, std::string path, std::size_t errors_before);

    Report& report_;
    ObjectHandler handler_;
    TreeLimits limits_;
    Arena arena_;
    std::vector<Frame> stack_;
    std::map<std::string, Node*, std::less<>> anchors_;
    bool merge_keys_ = false;
    std::size_t nodes_ = 0;
    std::size_t alias_nodes_ = 0;
    std::size_t document_errors_ = 0;  // Report::errors() at the start of the document
    // The list item being read, when there is one.
    std::size_t item_index_ = 0;
    std::size_t item_errors_ = 0;
    std::size_t item_nodes_ = 0;
    Arena::Mark item_mark_;
};

}  // namespace nspect::ingest
