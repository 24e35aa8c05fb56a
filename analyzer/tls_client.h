// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analyzer/tls_expected.h"
#include "model/expectation.h"
#include "model/inventory.h"

namespace nspect::analyzer {

/// A client as Istio's rules see it: its namespace, and its pod's labels.
struct Sender {
    std::string namespace_name;
    Labels labels;
};
Sender sender_of(const Inventory& inventory, const Endpoint& client);

/// What a client's proxy does on the way to a Service, or to a subset of it, which it goes to where
/// a route says so. Mode unset: the proxy decides by itself (auto mutual TLS).
struct ClientWay {
    std::string service;  ///< "shop/db"
    std::string subset;   ///< empty: the Service as a whole
    Selector pods;        ///< of the subset; everything for the Service as a whole
    EffectiveTls tls;
};

/// By DestinationRule: that of the client's namespace counts first, then the Service's, then the
/// mesh's, each as far as it is exported; in a namespace the closest host, and for it rules that
/// select the client's pod before those for all; rules of one host together, oldest first. What a
/// subset says counts before what the rule says, what either says of a port before the rest of it.
/// The Service as a whole comes first. Of a Service that the client's Sidecar does not know there
/// is one way: as the application sends it.
std::vector<ClientWay> client_ways(const Expectations& expectations, const Sender& client,
                                   const Service& service, Port service_port);

/// To the Service as a whole.
EffectiveTls client_tls(const Expectations& expectations, const Sender& client,
                        const Service& service, Port service_port);

/// Whether the host of a rule means this Service. A short name is of the rule's namespace; one with
/// a dot in it is taken as the whole name.
bool names_service(const std::string& host, const std::string& namespace_name,
                   const Service& service);

}  // namespace nspect::analyzer
