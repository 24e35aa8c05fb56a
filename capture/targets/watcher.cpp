// SPDX-License-Identifier: Apache-2.0
#include "capture/targets/watcher.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "capture/os/poller.h"
#include "capture/targets/link_follower.h"
#include "capture/targets/missed_places.h"
#include "capture/targets/netns_scan.h"
#include "capture/targets/state_watch.h"
#include "capture/targets/target_events.h"

namespace nspect::capture {
namespace {

using std::chrono::milliseconds;
using Kind = TargetEvent::Kind;

/// After a hint that something is coming, /proc is read again after each of these. Runtimes make
/// the namespace some tenths of a second before the process, which may live for less than that.
constexpr std::array second_looks{
    milliseconds{5},   milliseconds{10},  milliseconds{20},   milliseconds{30},
    milliseconds{40},  milliseconds{40},  milliseconds{40},   milliseconds{40},
    milliseconds{40},  milliseconds{40},  milliseconds{40},   milliseconds{40},
    milliseconds{40},  milliseconds{40},  milliseconds{80},   milliseconds{160},
    milliseconds{320}, milliseconds{640}, milliseconds{1280}, milliseconds{2560}};
constexpr milliseconds brief_wait{40};
/// For the end of its processes, and for a socket inside.
constexpr int descriptors_beside = 2;
/// What had no room is tried again after this.
constexpr milliseconds until_room{2000};

std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

}  // namespace

class TargetWatcher::State {
public:
    State(WatcherOptions options, Poller poller, Timer timer, FolderWatch folders,
          StateWatch states)
        : options_(std::move(options)),
          engine_(options_.roots.sockets),
          poller_(std::move(poller)),
          timer_(std::move(timer)),
          folders_(std::move(folders)),
          states_(std::move(states)) {}

    Status start();
    Result<std::vector<TargetEvent>> read();

    std::map<std::uint64_t, std::vector<ContainerSockets>> sockets(
        const std::vector<std::uint64_t>& namespaces);

    int poll_fd() const noexcept { return poller_.fd(); }
    const std::vector<TargetInfo>& targets() const noexcept { return targets_; }
    std::vector<Attachment> attachments() const;
    std::uint64_t losses() const noexcept { return losses_; }
    Limitations& limitations() noexcept { return limitations_; }
    const Netns* netns(std::uint64_t inode) const { return links_->netns(inode); }

private:
    /// What is remembered of a target beside what is told.
    struct Held {
        NetnsPlace place;
        Fd pidfd;
        std::uint32_t watched_pid = 0;
        bool inhabited = false;  ///< by now, or once: processes said who it is
    };

    TargetInfo* find(std::uint64_t inode);
    bool hints();
    void scan();
    void watch_folders(const std::vector<NetnsPlace>& places);
    void drop_missing(const std::vector<NetnsPlace>& places);
    void meet(const NetnsPlace& place);
    void add(const NetnsPlace& place);
    void update(TargetInfo& target, const NetnsPlace& place);
    TargetInfo describe(const NetnsPlace& place);
    void describe_again(TargetInfo& target, const NetnsPlace& place);
    void update_host_target(TargetInfo& target, const NetnsPlace& place);
    void watch_process(Held& held, const NetnsPlace& place);
    void unwatch_process(Held& held);
    Status hold(const NetnsPlace& place);
    void missed(const NetnsPlace& place, Error why);
    void try_again();
    void look_again_soon();
    void look_again_later();

    void tell(Kind kind, const TargetInfo& target, InterfaceInfo interface = {});
    void tell_gone(std::uint64_t netns, const InterfaceInfo& interface);
    void tell_interfaces(TargetInfo& target);
    bool is_new(std::uint64_t inode) const { return new_.contains(inode); }

    WatcherOptions options_;
    EngineApi engine_;
    Poller poller_;
    Timer timer_;
    FolderWatch folders_;
    StateWatch states_;
    std::set<std::uint64_t> stale_;  ///< their state changed
    std::optional<LinkFollower> links_;
    std::uint64_t host_ = 0;
    std::uint32_t next_id_ = 1;
    std::size_t look_ = second_looks.size();
    std::vector<TargetInfo> targets_;
    std::map<std::uint64_t, Held> held_;
    std::set<std::uint64_t> new_;  ///< appeared in this read()
    bool room_due_ = false;        ///< it is time to try these again
    std::vector<TargetEvent> events_;
    std::uint64_t losses_ = 0;
    Limitations limitations_;
    MissedPlaces missed_{limitations_};
};

Status TargetWatcher::State::start() {
    auto host = open_host(options_.procfs, options_.host_netns);
    if (!host) return std::move(host).error();
    host_ = host->inode();
    for (const int fd : {timer_.fd(), folders_.fd(), states_.fd()}) {
        if (auto polled = poller_.add(fd); !polled) return polled;
    }
    auto links = LinkFollower::open(std::move(*host), options_.receive_buffer, poller_);
    if (!links) return std::move(links).error();
    links_.emplace(std::move(*links));
    if (!options_.once && !links_->hears_other_namespaces()) {
        limitations_.add({Error::Kind::permission,
                          "changes in other network namespaces are not heard",
                          "run as root, or with CAP_NET_BROADCAST",
                          {}});
    }
    NetnsPlace host_place;
    host_place.inode = host_;
    meet(host_place);
    scan();
    if (missed_.is_unsure()) scan();
    links_->resolve_peers();
    for (auto& target : targets_) target.interfaces = links_->table().interfaces(target.netns);
    new_.clear();
    events_.clear();
    return done;
}

TargetInfo* TargetWatcher::State::find(std::uint64_t inode) {
    const auto found =
        std::find_if(targets_.begin(), targets_.end(),
                     [&](const TargetInfo& target) { return target.netns == inode; });
    return found != targets_.end() ? &*found : nullptr;
}

/// A namespace made without any link gives no netlink message, so its folder is watched; one that
/// nothing but processes keep alive ends with the last of them.
bool TargetWatcher::State::hints() {
    bool hinted = false;
    for (const int fd : poller_.ready()) {
        if (fd == timer_.fd()) {
            timer_.clear();
            hinted = hinted || look_ < second_looks.size();
            room_due_ = look_ == second_looks.size();
            look_again_later();
        } else if (fd == folders_.fd()) {
            if (folders_.news()) {
                look_again_soon();
                hinted = true;
            }
        } else if (fd == states_.fd()) {
            stale_.merge(states_.changed(targets_));
        } else {
            for (auto& [inode, held] : held_) hinted = hinted || held.pidfd.get() == fd;
        }
    }
    return hinted;
}

Result<std::vector<TargetEvent>> TargetWatcher::State::read() {
    bool hinted = hints();
    auto news = links_->read();
    if (!news) return std::move(news).error();
    if (news->lost) ++losses_;
    for (const auto& [netns, interface] : news->gone) tell_gone(netns, interface);
    if (news->unknown_netns) look_again_soon();
    if (hinted || news->unknown_netns || news->lost) {
        scan();
    } else if (std::exchange(room_due_, false)) {
        try_again();
    }
    for (const auto inode : std::exchange(stale_, {})) {
        if (auto* target = find(inode)) describe_again(*target, held_[inode].place);
    }
    links_->resolve_peers();
    for (auto& target : targets_) tell_interfaces(target);
    new_.clear();
    return std::exchange(events_, {});
}

std::map<std::uint64_t, std::vector<ContainerSockets>> TargetWatcher::State::sockets(
    const std::vector<std::uint64_t>& namespaces) {
    scan();
    std::map<std::uint64_t, std::vector<ContainerSockets>> all;
    for (const auto inode : namespaces) {
        const auto* target = find(inode);
        if (target != nullptr && !target->sharing.empty())
            all.emplace(inode, find_sockets(options_.procfs, target->sharing));
    }
    return all;
}

/// Not put off by what comes meanwhile; and not left until the end of a long wait for the last one.
void TargetWatcher::State::look_again_soon() {
    const bool comes_soon = look_ < second_looks.size() && second_looks[look_] <= brief_wait;
    look_ = 0;
    if (!comes_soon) timer_.set(second_looks.front());
}

void TargetWatcher::State::look_again_later() {
    if (look_ < second_looks.size()) ++look_;
    if (look_ < second_looks.size()) {
        timer_.set(second_looks[look_]);
    } else if (missed_.want_room()) {
        timer_.set(until_room);
    }
}

void TargetWatcher::State::scan() {
    auto found = find_netns(options_.procfs);
    limitations_.at_worst({Error::Kind::permission,
                           "a process may not be looked into, and its network namespace may be "
                           "unknown",
                           "run as root, or with CAP_SYS_PTRACE",
                           {}},
                          found.passed_over);
    watch_folders(found.places);
    // Where not all could be read, what is missing may be there all the same.
    if (found.troubles.empty()) drop_missing(found.places);
    for (auto& trouble : found.troubles) limitations_.add(std::move(trouble));
    missed_.begin_look();
    for (const auto& place : found.places) meet(place);
    for (auto& trouble : engine_.take_troubles())
        limitations_.add(std::move(trouble.error), trouble.count);
}

void TargetWatcher::State::watch_folders(const std::vector<NetnsPlace>& places) {
    for (const auto& folder : options_.netns_folders) folders_.watch(folder);
    for (const auto& folder : container_folders(options_.roots)) folders_.watch(folder);
    for (const auto& place : places) {
        for (const auto& mount : place.mounts) {
            // A mount in procfs or of one file elsewhere (unshare --net=FILE) has its folder too.
            folders_.watch(folder_of(mount));
        }
    }
}

void TargetWatcher::State::drop_missing(const std::vector<NetnsPlace>& places) {
    std::set<std::uint64_t> present{host_};
    for (const auto& place : places) present.insert(place.inode);
    missed_.keep(present);
    std::erase_if(targets_, [&](const TargetInfo& target) {
        if (present.contains(target.netns)) return false;
        tell(Kind::target_gone, target);
        unwatch_process(held_[target.netns]);
        held_.erase(target.netns);
        states_.forget(target.netns);
        links_->forget(target.netns);
        return true;
    });
}

void TargetWatcher::State::meet(const NetnsPlace& place) {
    if (auto* target = find(place.inode)) {
        update(*target, place);
    } else {
        add(place);
    }
}

/// One that may not be entered is known all the same, without its interfaces.
Status TargetWatcher::State::hold(const NetnsPlace& place) {
    auto netns = open_place(options_.procfs, place);
    if (!netns) return std::move(netns).error();
    if (is_reserved(netns->fd() + descriptors_beside))
        return no_descriptor_left("netns " + std::to_string(place.inode));
    auto followed = links_->add(std::move(*netns));
    if (followed) return done;
    if (followed.error().kind == Error::Kind::unavailable) {
        links_->forget(place.inode);
        return followed;
    }
    limitations_.add(std::move(followed).error());
    return done;
}

void TargetWatcher::State::missed(const NetnsPlace& place, Error why) {
    const bool was_unsure = missed_.is_unsure();
    missed_.add(place, std::move(why));
    if (missed_.want_room() && look_ == second_looks.size()) timer_.set(until_room);
    if (!was_unsure && missed_.is_unsure()) look_again_soon();
}

void TargetWatcher::State::try_again() {
    if (!missed_.want_room()) return;
    missed_.begin_look();
    for (const auto& place : missed_.all()) meet(place);
}

void TargetWatcher::State::add(const NetnsPlace& place) {
    if (place.inode != host_) {
        if (auto held = hold(place); !held) return missed(place, std::move(held).error());
        missed_.opened(place.inode);
    }
    auto target = describe(place);
    target.id = next_id_++;
    auto& held = held_[place.inode];
    held.place = place;
    held.inhabited = !place.pids.empty();
    if (!target.is_host) watch_process(held, place);
    new_.insert(place.inode);
    targets_.push_back(std::move(target));
    look_again_soon();
}

/// A container may get another name while nothing else of it changes. Its runtime notes more than
/// that in the same file (health checks, say), so this reads the one file and not /proc.
TargetInfo TargetWatcher::State::describe(const NetnsPlace& place) {
    std::vector<std::string> folders;
    const bool is_host = place.inode == host_;
    auto target = describe_target(options_.procfs, options_.roots, place, is_host, &engine_,
                                  is_host ? nullptr : &folders);
    for (const auto& folder : folders) {
        // It may have changed before it was watched.
        if (states_.follow(folder, place.inode)) stale_.insert(place.inode);
    }
    return target;
}

void TargetWatcher::State::update(TargetInfo& target, const NetnsPlace& place) {
    auto& held = held_[place.inode];
    if (target.is_host) return update_host_target(target, place);
    if (held.place == place && !target.name.empty() && !target.image.empty()) return;
    watch_process(held, place);
    held.place = place;
    // Its mount outlives its processes for a moment: it still is who they said.
    if (place.pids.empty() && held.inhabited) return;
    held.inhabited = held.inhabited || !place.pids.empty();
    describe_again(target, place);
}

void TargetWatcher::State::describe_again(TargetInfo& target, const NetnsPlace& place) {
    if (place.pids.empty() && held_[place.inode].inhabited) return;
    auto now = describe(place);
    // A container that is being removed has no state any more, and still is who it was.
    if (now.container == target.container && now.name.empty()) return;
    now.id = target.id;
    now.from = target.from;
    now.to = target.to;
    now.interfaces = target.interfaces;
    const bool changed = identity_of(now) != identity_of(target);
    target = std::move(now);
    if (changed && !is_new(place.inode)) tell(Kind::target_changed, target);
}

/// Its namespace is given, only the containers that share it change.
void TargetWatcher::State::update_host_target(TargetInfo& target, const NetnsPlace& place) {
    auto& before = held_[place.inode].place;
    if (before == place) return;
    auto now = target;
    update_host(now, options_.procfs, options_.roots, before, place, &engine_);
    drop_guests(now, targets_);
    before = place;
    const bool changed = identity_of(now) != identity_of(target);
    target = std::move(now);
    if (changed && !is_new(place.inode)) tell(Kind::target_changed, target);
}

/// One process is enough: when it ends, the others are looked for.
void TargetWatcher::State::watch_process(Held& held, const NetnsPlace& place) {
    const auto& pids = place.pids;
    if (held.pidfd && std::binary_search(pids.begin(), pids.end(), held.watched_pid)) return;
    unwatch_process(held);
    // The numbers in another procfs are those of another pid namespace.
    if (pids.empty() || options_.procfs.root() != "/proc") return;
    auto pidfd = open_pidfd(pids.front());
    if (!pidfd || is_reserved(pidfd->get()) || !poller_.add(pidfd->get())) return;
    held.pidfd = std::move(*pidfd);
    held.watched_pid = pids.front();
}

void TargetWatcher::State::unwatch_process(Held& held) {
    if (held.pidfd) poller_.remove(held.pidfd.get());
    held.pidfd = Fd();
}

void TargetWatcher::State::tell(Kind kind, const TargetInfo& target, InterfaceInfo interface) {
    events_.push_back({kind, target, std::move(interface)});
}

/// One that came and went between two reads is told all the same: packets may carry its index.
void TargetWatcher::State::tell_gone(std::uint64_t netns, const InterfaceInfo& interface) {
    auto* target = find(netns);
    if (target == nullptr) return;
    if (find_interface(target->interfaces, interface.index) == nullptr) {
        tell(Kind::interface_appeared, *target, interface);
    }
    std::erase_if(target->interfaces,
                  [&](const InterfaceInfo& info) { return info.index == interface.index; });
    tell(Kind::interface_gone, *target, interface);
}

void TargetWatcher::State::tell_interfaces(TargetInfo& target) {
    auto before = std::exchange(target.interfaces, links_->table().interfaces(target.netns));
    if (is_new(target.netns)) return tell(Kind::target_appeared, target);
    add_interface_events(events_, target, before);
}

std::vector<Attachment> TargetWatcher::State::attachments() const {
    std::vector<Attachment> all;
    for (const auto& target : targets_) {
        const auto some = links_->table().attachments(target.netns);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

TargetWatcher::TargetWatcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
TargetWatcher::TargetWatcher(TargetWatcher&&) noexcept = default;
TargetWatcher& TargetWatcher::operator=(TargetWatcher&&) noexcept = default;
TargetWatcher::~TargetWatcher() = default;

Result<TargetWatcher> TargetWatcher::open(WatcherOptions options) {
    raise_descriptor_limit();  // some for each container
    auto poller = Poller::open();
    if (!poller) return std::move(poller).error();
    auto timer = Timer::open();
    if (!timer) return std::move(timer).error();
    auto folders = FolderWatch::open();
    if (!folders) return std::move(folders).error();
    auto states = StateWatch::open();
    if (!states) return std::move(states).error();
    auto state = std::make_unique<State>(std::move(options), std::move(*poller), std::move(*timer),
                                         std::move(*folders), std::move(*states));
    if (auto started = state->start(); !started) return std::move(started).error();
    return TargetWatcher(std::move(state));
}

int TargetWatcher::poll_fd() const noexcept {
    return state_->poll_fd();
}
Result<std::vector<TargetEvent>> TargetWatcher::read() {
    return state_->read();
}
const std::vector<TargetInfo>& TargetWatcher::targets() const noexcept {
    return state_->targets();
}
std::vector<Attachment> TargetWatcher::attachments() const {
    return state_->attachments();
}
std::uint64_t TargetWatcher::losses() const noexcept {
    return state_->losses();
}
const Limitations& TargetWatcher::limitations() const noexcept {
    return state_->limitations();
}
std::vector<Limitation> TargetWatcher::take_limitations() {
    return state_->limitations().take_news();
}

std::map<std::uint64_t, std::vector<ContainerSockets>> TargetWatcher::sockets(
    const std::vector<std::uint64_t>& namespaces) {
    return state_->sockets(namespaces);
}

Result<Netns> TargetWatcher::open_netns(std::uint64_t inode) const {
    const auto* netns = state_->netns(inode);
    if (netns != nullptr) return netns->duplicate();
    return Error{Error::Kind::not_found,
                 "is no network namespace known here",
                 {},
                 "netns " + std::to_string(inode)};
}

}  // namespace nspect::capture
