// SPDX-License-Identifier: Apache-2.0
// Protocols of lines.
#include <algorithm>

#include "capture/flow/app.h"

namespace nspect::capture {
namespace {

constexpr auto no = AppMatch::no;
constexpr auto maybe = AppMatch::maybe;
constexpr auto yes = AppMatch::yes;

std::string_view text_of(const AppBytes& p) noexcept {
    return {reinterpret_cast<const char*>(p.bytes.data()), p.bytes.size()};
}

bool contains(std::string_view text, std::string_view word) noexcept {
    return text.find(word) != text.npos;
}

template <std::size_t N>
bool starts_with_one(std::string_view text, const std::array<std::string_view, N>& words) noexcept {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return text.starts_with(word); });
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Digits (at least one), then CR LF; where they end, or npos.
std::size_t number_line(std::string_view text, std::size_t at) noexcept {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    const bool ends = at > from && text.substr(at, 2) == "\r\n";
    return ends ? at + 2 : text.npos;
}

// RFC 9112: method SP target SP version. RTSP and SIP look alike up to the target.
AppMatch http_client(const AppBytes& p) noexcept {
    static constexpr std::array<std::string_view, 13> methods{
        "GET ",     "POST ",  "PUT ",      "HEAD ",  "DELETE ", "OPTIONS ", "PATCH ",
        "CONNECT ", "TRACE ", "PROPFIND ", "MKCOL ", "REPORT ", "SEARCH "};
    const std::string_view text = text_of(p);
    if (!starts_with_one(text, methods)) return no;
    const std::string_view target = text.substr(text.find(' ') + 1);
    const std::string_view line = target.substr(0, target.find('\r'));
    if (contains(line, " HTTP/1.")) return yes;
    const bool simple = text.starts_with("GET /") && line.find(' ') == line.npos;
    if (simple && target.substr(line.size()) == "\r\n") return yes;  // HTTP/0.9
    const bool plausible = target.starts_with('/') || target.starts_with("http");
    return plausible && line.size() == target.size() ? yes : no;  // the line was cut
}

AppMatch http_server(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    const bool version = text.starts_with("HTTP/1.0 ") || text.starts_with("HTTP/1.1 ");
    return version && text.size() > 9 && is_digit(text[9]) ? yes : no;
}

// RFC 9113 §3.4.
AppMatch http2_client(const AppBytes& p) noexcept {
    return text_of(p).starts_with("PRI * HTTP/2.0\r\n") ? yes : no;
}

// RFC 4253 §4.2: both sides say their version.
AppMatch ssh_either(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    return text.starts_with("SSH-2.0-") || text.starts_with("SSH-1.") ? yes : no;
}

AppMatch smtp_client(const AppBytes& p) noexcept {
    static constexpr std::array<std::string_view, 5> words{"EHLO ", "HELO ", "ehlo ", "helo ",
                                                           "LHLO "};
    return starts_with_one(text_of(p), words) ? yes : no;
}

/// "220 " or "220-", as SMTP and FTP greet.
bool greets(std::string_view text) noexcept {
    return text.starts_with("220 ") || text.starts_with("220-");
}

AppMatch smtp_server(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    if (!greets(text)) return no;
    return contains(text.substr(0, text.find('\n')), "SMTP") ? yes : maybe;
}

AppMatch ftp_client(const AppBytes& p) noexcept {
    static constexpr std::array<std::string_view, 6> words{"USER ",      "FEAT\r\n",   "SYST\r\n",
                                                           "AUTH TLS\r", "AUTH SSL\r", "OPTS "};
    return starts_with_one(text_of(p), words) ? maybe : no;
}

AppMatch ftp_server(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    if (!greets(text)) return no;
    return contains(text.substr(0, text.find('\n')), "FTP") ? yes : maybe;
}

AppMatch pop3_client(const AppBytes& p) noexcept {
    static constexpr std::array<std::string_view, 5> words{"USER ", "CAPA\r\n", "APOP ", "STLS\r\n",
                                                           "AUTH "};
    return starts_with_one(text_of(p), words) ? maybe : no;
}

AppMatch pop3_server(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    return text.starts_with("+OK") && contains(text, "\r\n") ? maybe : no;
}

// RFC 9051: tag SP command.
AppMatch imap_client(const AppBytes& p) noexcept {
    static constexpr std::array<std::string_view, 6> words{"CAPABILITY",    "LOGIN ", "STARTTLS",
                                                           "AUTHENTICATE ", "NOOP",   "ID "};
    const std::string_view text = text_of(p);
    const std::size_t space = text.find(' ');
    if (space == text.npos || space == 0 || space > 12) return no;
    const std::string_view tag = text.substr(0, space);
    const bool plain = std::all_of(tag.begin(), tag.end(), [](char c) {
        return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.';
    });
    return plain && starts_with_one(text.substr(space + 1), words) ? maybe : no;
}

AppMatch imap_server(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    return text.starts_with("* OK ") || text.starts_with("* PREAUTH ") ? yes : no;
}

// RESP: an array of bulk strings is a command; clients may also write plain lines.
AppMatch redis_client(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    if (text.starts_with("PING\r\n")) return maybe;
    if (!text.starts_with('*')) return no;
    const std::size_t next = number_line(text, 1);
    if (next == text.npos || next >= text.size() || text[next] != '$') return no;
    const std::size_t word = number_line(text, next + 1);
    return word != text.npos && word < text.size() ? yes : maybe;
}

AppMatch redis_server(const AppBytes& p) noexcept {
    static constexpr std::array<std::string_view, 8> words{
        "+OK\r\n", "+PONG\r\n", "-ERR ", "-NOAUTH ", "-MOVED ", "+QUEUED\r\n", "-WRONG", "$-1\r\n"};
    const std::string_view text = text_of(p);
    if (starts_with_one(text, words)) return maybe;
    const bool number = text.starts_with(':') || text.starts_with('$') || text.starts_with('*') ||
                        text.starts_with('%');
    return number && number_line(text, 1) != text.npos ? maybe : no;
}

AppMatch memcached_client(const AppBytes& p) noexcept {
    static constexpr std::array<std::string_view, 12> words{
        "get ",  "gets ", "set ",  "add ",      "replace ", "delete ",
        "incr ", "decr ", "stats", "version\r", "touch ",   "flush_all"};
    const std::string_view text = text_of(p);
    return starts_with_one(text, words) && contains(text, "\r\n") ? maybe : no;
}

AppMatch memcached_server(const AppBytes& p) noexcept {
    static constexpr std::array<std::string_view, 10> words{
        "VALUE ",        "STORED\r\n",  "END\r\n",   "STAT ",    "NOT_STORED\r\n",
        "NOT_FOUND\r\n", "DELETED\r\n", "ERROR\r\n", "VERSION ", "CLIENT_ERROR "};
    return starts_with_one(text_of(p), words) ? maybe : no;
}

AppMatch nats_client(const AppBytes& p) noexcept {
    return text_of(p).starts_with("CONNECT {") ? yes : no;
}

AppMatch nats_server(const AppBytes& p) noexcept {
    const std::string_view text = text_of(p);
    return text.starts_with("INFO {") ? yes : no;
}

constexpr std::array rows{
    AppSignature{App::http, "GPHDOCTMRSH", http_client, http_server},
    AppSignature{App::http2, "P", http2_client, nullptr},
    AppSignature{App::ssh, "S", ssh_either, ssh_either},
    AppSignature{App::smtp, "EHehL2", smtp_client, smtp_server},
    AppSignature{App::ftp, "UFSAO2", ftp_client, ftp_server},
    AppSignature{App::pop3, "UCAS+", pop3_client, pop3_server},
    AppSignature{App::imap, "*.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                 imap_client, imap_server},
    AppSignature{App::redis, "*P+-:$%", redis_client, redis_server},
    AppSignature{App::memcached, "gsardivtfVSENDC", memcached_client, memcached_server},
    AppSignature{App::nats, "CI", nats_client, nats_server},
};

}  // namespace

std::span<const AppSignature> text_signatures() noexcept {
    return rows;
}

}  // namespace nspect::capture
