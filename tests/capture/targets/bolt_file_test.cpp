// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/bolt_file.h"

#include <catch2/catch.hpp>

#include "tests/capture/os/temp_folder.h"
#include "tests/capture/targets/bolt_image.h"

using namespace nspect;
using namespace nspect::capture;
using test::BoltBucket;
using test::BoltImage;

namespace {

const BoltBucket sample{
    {{"plain", "1"}},
    {{"v1",
      {{}, {{"web", {{{"image", "nginx"}}, {{"labels", {{{"a", "b"}, {"c", "d"}}, {}}}}}}}}}}};

}  // namespace

TEST_CASE("a Bolt database gives values and buckets by their path", "[bolt]") {
    const TempFolder folder;
    folder.write("meta.db", BoltImage::of(sample));
    const auto file = BoltFile::open(folder.path() + "/meta.db");
    REQUIRE(file);
    CHECK(file->value({"plain"}) == "1");
    CHECK(file->value({"v1", "web", "image"}) == "nginx");
    CHECK(file->entries({"v1", "web", "labels"}) == BoltFile::Entries{{"a", "b"}, {"c", "d"}});
    CHECK_FALSE(file->value({"v1", "web"}));
    CHECK_FALSE(file->value({"v1", "db", "image"}));
    CHECK_FALSE(file->value({"plain", "x"}));
    CHECK(file->entries({"nothing"}).empty());
}

TEST_CASE("a Bolt database whose newest description is torn is read by the older one", "[bolt]") {
    const TempFolder folder;
    auto image = BoltImage::of(sample);
    image[40] = static_cast<char>(image[40] + 1);  // inside the first description
    folder.write("meta.db", image);
    const auto file = BoltFile::open(folder.path() + "/meta.db");
    REQUIRE(file);
    CHECK(file->value({"plain"}) == "1");
}

TEST_CASE("a file that is no Bolt database is refused", "[bolt]") {
    const TempFolder folder;
    folder.write("short", "x");
    folder.write("other", std::string(9000, 'x'));
    CHECK_FALSE(BoltFile::open(folder.path() + "/short"));
    CHECK_FALSE(BoltFile::open(folder.path() + "/other"));
    CHECK_FALSE(BoltFile::open(folder.path() + "/missing"));
}

TEST_CASE("nonsense in the pages of a Bolt database adds nothing and breaks nothing", "[bolt]") {
    const TempFolder folder;
    const auto whole = BoltImage::of(sample);
    std::size_t answered = 0;
    for (std::size_t at = 3 * BoltImage::page_size; at < 3 * BoltImage::page_size + 300; ++at) {
        for (const char byte : {'\xff', '\x00', '\x01', '\x80'}) {
            auto image = whole;
            image[at] = byte;
            folder.write("meta.db", image);
            const auto file = BoltFile::open(folder.path() + "/meta.db");
            REQUIRE(file);
            answered += file->value({"v1", "web", "image"}) == "nginx" ? 1 : 0;
            CHECK(file->entries({"v1", "web", "labels"}).size() <= 4096);
        }
    }
    CHECK(answered > 0);
}
