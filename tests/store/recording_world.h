// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>

#include "model/batch.h"

namespace nspect::test {

/// A folder of its own, gone with it.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// Random values of everything a recording holds; equal seeds give equal recordings.
class RandomWorld {
public:
    explicit RandomWorld(std::uint32_t seed) : random_(seed) {}

    /// Ids from `first_id` on, so batches neither replace nor miss each other.
    Batch batch(std::uint64_t first_id, std::size_t sightings);
    Sighting sighting(std::uint64_t id);
    TargetInfo target(std::uint32_t id);

private:
    std::uint64_t number(std::uint64_t most);
    bool coin() { return number(1) == 1; }
    std::string text();
    IpAddress address();
    Timestamp time();
    TlsSeen tls();
    CertificateSeen certificate();
    InterfaceInfo interface();

    std::mt19937_64 random_;
};

/// A plain sighting with that id, starting `id` milliseconds after the epoch.
Sighting plain_sighting(std::uint64_t id);

/// `batch` as it should be read back.
Recording as_recording(const Batch& batch);

/// A closed recording of the batch alone, called `name`.
std::string recording_of(const Folder& folder, const Batch& batch,
                         const std::string& name = "a.nspect");

/// Executes statements on the file and returns what they answered, then what went wrong.
std::string sql(const std::string& path, const std::string& statements);

std::string read_bytes(const std::string& path);
void write_bytes(const std::string& path, const std::string& bytes);

}  // namespace nspect::test
