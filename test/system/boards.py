# SPDX-License-Identifier: Apache-2.0
"""What today's public dashboards for the BEAM ask of Prometheus: names and labels, board by board, and the form of their queries.

beam-dashboards' BEAM and RabbitMQ's Erlang-BEAM ask by `instance`, with the names of prometheus.erl up to 5; the same boards are moved by their users to
the names of 6 and later. RabbitMQ's Erlang-Distribution and Erlang-Memory-Allocators join everything with rabbitmq_identity_info."""

PLAIN = "%s"
RATE = "irate(%s[$interval])"


def by_instance(name, labels="", form=PLAIN):
    return form % ('%s{instance="$node"%s}' % (name, labels and ", " + labels))


def of_rabbitmq(name, labels="", form=PLAIN):
    series = form % (name + ("{%s}" % labels if labels else ""))
    return ('%s * on(instance) group_left(rabbitmq_cluster, rabbitmq_node) '
            'rabbitmq_identity_info{rabbitmq_cluster="$rabbitmq_cluster", namespace="$namespace", rabbitmq_node="$rabbitmq_node"}' % series)


SYSTEM = ["atom", "binary", "code", "ets"]

# BEAM of beam-dashboards, Erlang-BEAM of RabbitMQ
BEAM = (
    [by_instance(n) for n in ("erlang_vm_ets_limit", "erlang_vm_ets_tables", "erlang_vm_process_limit", "erlang_vm_process_count",
                              "erlang_vm_statistics_run_queues_length_total", "erlang_vm_statistics_dirty_io_run_queue_length",
                              "erlang_vm_statistics_dirty_cpu_run_queue_length", "process_uptime_seconds", "process_resident_memory_bytes", "process_open_fds",
                              "process_max_fds", "erlang_vm_port_limit", "erlang_vm_port_count")]
    + [by_instance("erlang_vm_memory_bytes_total", 'kind="processes"')]
    + [by_instance("erlang_vm_memory_system_bytes_total", 'usage="%s"' % u) for u in SYSTEM]
    + [by_instance(n, form=RATE) for n in ("erlang_vm_statistics_context_switches", "erlang_vm_statistics_reductions_total",
                                           "erlang_vm_statistics_runtime_milliseconds", "erlang_vm_statistics_bytes_output_total",
                                           "erlang_vm_statistics_bytes_received_total", "erlang_vm_statistics_garbage_collection_number_of_gcs",
                                           "erlang_vm_statistics_garbage_collection_bytes_reclaimed")]
    + ['sum(irate(process_cpu_seconds_total{instance="$node"}[30s])) without (kind) * 100',
       "erlang_vm_statistics_run_queues_length"])  # without a choice of node

# The same with the names of prometheus.erl 6 and later
BEAM_6 = (
    [by_instance(n) for n in ("erlang_vm_memory_ets_tables", "erlang_vm_processes", "erlang_vm_ports", "erlang_vm_atoms", "erlang_vm_atom_limit",
                              "erlang_vm_statistics_run_queues_length", "erlang_vm_schedulers", "erlang_vm_schedulers_online", "erlang_vm_dirty_cpu_schedulers",
                              "erlang_vm_dirty_cpu_schedulers_online", "erlang_vm_dirty_io_schedulers", "erlang_vm_logical_processors",
                              "erlang_vm_thread_pool_size", "erlang_vm_wordsize_bytes")]
    + [by_instance("erlang_vm_memory_bytes", 'kind="%s"' % k) for k in ("processes", "system")]
    + [by_instance("erlang_vm_memory_system_bytes", 'usage="%s"' % u) for u in SYSTEM + ["other"]]
    + [by_instance("erlang_vm_memory_%s_bytes" % n, 'usage="%s"' % u) for n in ("processes", "atom") for u in ("used", "free")]
    + [by_instance("erlang_vm_statistics_%s_total" % n, form=RATE) for n in ("context_switches", "garbage_collection_number_of_gcs",
                                                                            "garbage_collection_bytes_reclaimed", "garbage_collection_words_reclaimed",
                                                                            "runtime_seconds", "wallclock_time_seconds")])

# BEAM-memory_allocators of beam-dashboards
ALLOCATORS = ['sum by (alloc) (%s)' % by_instance("erlang_vm_allocators", 'usage="%s"' % u) for u in ("blocks", "blocks_size", "carriers", "carriers_size")] + [
    by_instance("erlang_vm_allocators", 'alloc="eheap_alloc", instance_no="all", kind="%s", usage="carriers_size"' % k) for k in ("mbcs", "sbcs")]


def share(part, whole):
    return "sum (%s) / sum (%s) * 100" % (part, whole)


# Erlang-Memory-Allocators of RabbitMQ
RABBITMQ_ALLOCATORS = (
    [share(of_rabbitmq("erlang_vm_allocators", 'usage="blocks_size"'), of_rabbitmq("erlang_vm_allocators", 'usage="carriers_size"'))]
    + ["sum (%s)" % of_rabbitmq("erlang_vm_allocators", 'kind="%s", alloc="$memory_allocator", usage="%s"' % (k, u))
       for k in ("mbcs", "mbcs_pool", "sbcs") for u in ("blocks", "blocks_size", "carriers", "carriers_size")]
    + ["sum (%s)" % of_rabbitmq("rabbitmq_process_resident_memory_bytes")])

# Erlang-Distribution of RabbitMQ
DISTRIBUTION = (
    [of_rabbitmq("erlang_vm_dist_" + n) for n in ("node_state", "node_queue_size_bytes", "recv_avg_bytes", "send_avg_bytes", "recv_max_bytes", "send_max_bytes",
                                                  "recv_dvi_bytes", "send_pend_bytes", "port_memory_bytes", "port_queue_size_bytes")]
    + [of_rabbitmq("erlang_vm_dist_" + n, form="rate(%s[60s])") for n in ("recv_bytes", "send_bytes", "recv_cnt", "send_cnt", "port_input_bytes", "port_output_bytes")]
    + ["count(erlang_vm_dist_node_state * on(instance) group_left(rabbitmq_cluster) "
       'rabbitmq_identity_info{rabbitmq_cluster="$rabbitmq_cluster", namespace="$namespace"} == 3)'])

BOARDS = {"BEAM": BEAM, "BEAM, names of 6": BEAM_6, "BEAM-memory_allocators": ALLOCATORS, "Erlang-Memory-Allocators": RABBITMQ_ALLOCATORS,
          "Erlang-Distribution": DISTRIBUTION}

# What fills the boards' variables: (series, label)
VARIABLES = [("erlang_vm_process_count", "instance"), ('rabbitmq_identity_info', "rabbitmq_cluster"),
             ('rabbitmq_identity_info{rabbitmq_cluster="$rabbitmq_cluster", namespace="$namespace"}', "rabbitmq_node"), ("erlang_vm_allocators", "alloc")]

# What these boards ask for as well, and stays empty; doc/grafana.md says why.
NOT_SERVED = ["erlang_vm_dets_tables", "process_virtual_memory_bytes", "process_threads_total", "erlang_vm_dist_proc_status", "erlang_vm_dist_proc_message_queue_len",
              "erlang_vm_dist_proc_memory_bytes", "erlang_vm_dist_proc_reductions"]
