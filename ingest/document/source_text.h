// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/document/node.h"

namespace nspect::ingest {

/// The text of one file, which must outlive it, with its lines found when first asked for.
class SourceTextView {
public:
    SourceTextView(std::string name, std::string_view text) : name_(std::move(name)), text_(text) {}

    const std::string& name() const noexcept { return name_; }
    std::string_view text() const noexcept { return text_; }

    /// Line `number`, from 1, without its end; "" for one too long to show or past the end.
    std::string line(std::size_t number) const;
    /// Where line `number` starts; the end of the text when there are fewer.
    std::size_t offset_of_line(std::size_t number) const;
    /// REQUIRES: offset <= text().size().
    Position position(std::size_t offset) const;

private:
    void find_lines() const;

    std::string name_;
    std::string_view text_;
    mutable std::vector<std::size_t> starts_;
};

}  // namespace nspect::ingest
