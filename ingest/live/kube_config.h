// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "ingest/live/http.h"

namespace nspect::ingest {

/// Where the configuration of a Kubernetes client is looked for.
struct KubePlaces {
    std::function<std::string(const char* name)> environment;  ///< "" for what is not set
    std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
};

/// The API server of a context of the kubeconfig ($KUBECONFIG, ~/.kube/config); "": its current
/// one, or, without a kubeconfig, that of the pod we run in.
Result<HttpEndpoint> kube_endpoint(const std::string& context, const KubePlaces& places);

/// The same from the text of a kubeconfig; files it names are looked for below `folder`.
Result<HttpEndpoint> kube_endpoint_of(const std::string& config, const std::string& context,
                                      const std::string& folder, const std::string& called);

}  // namespace nspect::ingest
