// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace nspect::ingest {

/// Line and column from 1, columns in characters.
struct Position {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

/// One value of a YAML or JSON document. Nodes and texts live in the Arena they were made in;
/// nothing here owns anything.
///
///     mapping ──first──▶ value (key "a") ──next──▶ value (key "b")
struct Node {
    enum class Kind : std::uint8_t { scalar, sequence, mapping };

    Kind kind = Kind::scalar;
    bool quoted = false;       ///< a text for certain: quoted, a block scalar, tagged !!str
    std::uint16_t height = 0;  ///< containers below and including this one
    std::uint32_t size = 0;    ///< children
    std::uint32_t weight = 1;  ///< nodes in this tree, aliases counted each time
    Position at;
    Position key_at;        ///< in a mapping: where the key stands
    std::string_view key;   ///< in a mapping
    std::string_view text;  ///< of a scalar
    const Node* parent = nullptr;
    Node* first = nullptr;
    Node* next = nullptr;

    bool is_mapping() const noexcept { return kind == Kind::mapping; }
    bool is_sequence() const noexcept { return kind == Kind::sequence; }
    bool is_scalar() const noexcept { return kind == Kind::scalar; }
    /// A plain null, or nothing at all after "key:".
    bool is_null() const noexcept;

    /// The value of `name`, or nullptr. Only for mappings is there ever one.
    const Node* find(std::string_view name) const noexcept;

    class Iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = const Node;
        using difference_type = std::ptrdiff_t;
        using pointer = const Node*;
        using reference = const Node&;

        explicit Iterator(const Node* node = nullptr) : node_(node) {}
        reference operator*() const { return *node_; }
        pointer operator->() const { return node_; }
        Iterator& operator++() {
            node_ = node_->next;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const Node* node_;
    };
    Iterator begin() const { return Iterator(first); }
    Iterator end() const { return Iterator(); }
};

/// How a scalar without quotes reads to the API server.
enum class PlainType : std::uint8_t { text, null, boolean, integer, real };
PlainType plain_type(const Node& scalar);

/// "a list", "a mapping", "a number", "true or false", "null", "text".
std::string_view words_for(const Node& node);

/// Where `node` stands below the root of its tree: "spec.ingress[0].ports".
std::string path_of(const Node& node);

}  // namespace nspect::ingest
