// SPDX-License-Identifier: Apache-2.0
// write_page FOLDER: the report pages that page_test.py opens.
#include <fstream>
#include <string>

#include "tests/viz/hostile.h"
#include "tests/viz/shop.h"
#include "viz/formats.h"

namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    using namespace nspect;
    const std::string folder = std::string(argv[1]) + "/";
    write(folder + "shop.html", viz::to_html(test::shop_view()));
    write(folder + "dark.html", viz::to_html(test::shop_view(), {}, "dark"));
    write(folder + "large.html", viz::to_html(test::large_view()));
    std::size_t number = 0;
    for (const auto& text : test::hostile_texts()) {
        write(folder + "hostile" + std::to_string(number++) + ".html",
              viz::to_html(test::hostile_view(text)));
    }
    return 0;
}
