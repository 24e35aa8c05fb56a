// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include "viz/formats.h"
#include "viz/html_data.h"
#include "viz/web/assets.h"

namespace nspect::viz {

namespace {

/// No text inside can end the script element it stands in.
std::string inert(const std::string& json) {
    std::string out;
    out.reserve(json.size());
    for (const char c : json) {
        if (c == '<') {
            out += "\\u003c";
        } else {
            out += c;
        }
    }
    return out;
}

unsigned nibble(char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
}

/// A Content-Security-Policy source: 'sha256-BASE64'.
std::string csp_hash(std::string_view hex) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string base64;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : hex) {
        bits = (bits << 4U) | nibble(c);
        held += 4;
        if (held < 6) continue;
        held -= 6;
        base64 += digits[(bits >> held) & 63U];
    }
    if (held > 0) base64 += digits[(bits << (6 - held)) & 63U];
    while (base64.size() % 4 != 0) base64 += '=';
    return "'sha256-" + base64 + "'";
}

}  // namespace

std::string to_html(const View& view, const LayoutLimits& limits, const std::string& theme) {
    const std::string data = inert(html_data(view, limits, theme));
    std::string hashes;
    for (const web::Asset* script :
         {&web::d3, &web::picture, &web::details, &web::time, &web::lists, &web::script}) {
        hashes += (hashes.empty() ? "" : " ") + csp_hash(script->sha256);
    }
    const std::string style_hash = csp_hash(web::style.sha256);
    const std::pair<std::string_view, std::string_view> parts[] = {
        {"@HASHES@", hashes},
        {"@STYLE_HASH@", style_hash},
        {"@STYLE@", web::style.text},
        {"@DATA@", data},
        {"@D3@", web::d3.text},
        {"@PICTURE@", web::picture.text},
        {"@DETAILS@", web::details.text},
        {"@TIME@", web::time.text},
        {"@LISTS@", web::lists.text},
        {"@SCRIPT@", web::script.text},
    };
    std::string html;
    std::string_view page = web::page.text;
    for (const auto& [mark, text] :
         parts) {  // in the page's order, so that no part is searched for marks
        const auto at = page.find(mark);
        html.append(page.substr(0, at)).append(text);
        page.remove_prefix(at + mark.size());
    }
    return html.append(page);
}

}  // namespace nspect::viz
