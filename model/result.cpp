// SPDX-License-Identifier: Apache-2.0
#include "model/result.h"

#include <cerrno>
#include <system_error>

#include "model/diagnostics.h"

namespace nspect {
namespace {

Error::Kind kind_of(int number) {
    switch (number) {
        case ENOENT:
        case ESRCH:
        case ENODEV:
        case ENXIO:
            return Error::Kind::not_found;
        case EPERM:
        case EACCES:
            return Error::Kind::permission;
        case EINVAL:
        case EISDIR:
        case ENOTDIR:
        case ENAMETOOLONG:
            return Error::Kind::invalid;
        case EAGAIN:
        case EBUSY:
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ECONNREFUSED:
        case ECONNRESET:
        case ETIMEDOUT:
        case ENETDOWN:
        case ENETUNREACH:
        case EHOSTUNREACH:
        case EADDRINUSE:
            return Error::Kind::unavailable;
        case ENOSYS:
        case EOPNOTSUPP:
        case EAFNOSUPPORT:
        case EPROTONOSUPPORT:
            return Error::Kind::unsupported;
        default:
            return Error::Kind::io;
    }
}

}  // namespace

std::string to_string(const Error& error) {
    std::string text;
    if (!error.where.empty()) text += printable(error.where) + ": ";
    text += printable(error.message);
    if (!error.hint.empty()) text += "\n   hint: " + printable(error.hint);
    return text;
}

Error error_from_errno(int number, std::string what, std::string where) {
    return {.kind = kind_of(number),
            .message = std::move(what) + ": " + std::generic_category().message(number),
            .hint = {},
            .where = std::move(where)};
}

}  // namespace nspect
