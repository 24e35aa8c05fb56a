// SPDX-License-Identifier: Apache-2.0
// The one slow compilation of Catch2; every test program links it.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
