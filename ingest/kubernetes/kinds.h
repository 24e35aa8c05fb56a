// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ingest/document/tree_builder.h"
#include "ingest/kubernetes/staging.h"

namespace nspect::ingest {

/// Reads one object by its row in the table of kinds; lists are taken apart. Kinds without a row
/// are counted and passed over.
void read_object(const FoundObject& found, Report& report, Staging& staging);

/// One function per kind, or per family of kinds that look alike. Each reads `object` and hands
/// over what it declares when the object is whole.
void read_namespace(const Object& object, Staging& staging);
void read_node(const Object& object, Staging& staging);
void read_pod(const Object& object, Staging& staging);
/// spec.template: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, ReplicationController,
/// VirtualMachine; spec.jobTemplate: CronJob.
void read_workload(const Object& object, Staging& staging);
void read_service(const Object& object, Staging& staging);
void read_endpoints(const Object& object, Staging& staging);
void read_endpoint_slice(const Object& object, Staging& staging);
void read_ingress(const Object& object, Staging& staging);
void read_openshift_route(const Object& object, Staging& staging);
void read_gateway_route(const Object& object, Staging& staging);
void read_network_policy(const Object& object, Staging& staging);
void read_admin_network_policy(const Object& object, Staging& staging);
void read_baseline_admin_network_policy(const Object& object, Staging& staging);
void read_cluster_network_policy(const Object& object, Staging& staging);
void read_authorization_policy(const Object& object, Staging& staging);
/// CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.
void read_cilium_network_policy(const Object& object, Staging& staging);
void read_cilium_cidr_group(const Object& object, Staging& staging);

}  // namespace nspect::ingest
