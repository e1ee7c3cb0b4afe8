/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include <getopt.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "ovs-json.h"

#include "agent.h"
#include "command-line.h"
#include "daemon.h"
#include "fatal-signal.h"
#include "memory.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "settings.h"
#include "signals.h"
#include "simap.h"
#include "socket-util.h"
#include "timeval.h"
#include "unixctl.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(netpold);

/* How long --cleanup tries. */
#define CLEANUP_MSEC 30000

enum {
    OPT_CONFIG = UCHAR_MAX + 1,
    OPT_CLEANUP,
    OPT_UNIXCTL,
    VLOG_OPTION_ENUMS,
    DAEMON_OPTION_ENUMS,
    OPT_SETTINGS                /* And as many as there are settings. */
};

/* What the command line says besides settings. */
struct arguments {
    const char *config;
    char *unixctl_path;
    bool cleanup, help, version;
};

static const struct option own_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"cleanup", no_argument, NULL, OPT_CLEANUP},
    {"unixctl", required_argument, NULL, OPT_UNIXCTL},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    VLOG_LONG_OPTIONS,
    DAEMON_LONG_OPTIONS,
};

OVS_NO_RETURN static void
usage(void)
{
    struct ds s = DS_EMPTY_INITIALIZER;

    settings_format_usage(&s);
    printf("%s: Kubernetes NetworkPolicy on an Open vSwitch bridge\n"
           "usage: %s --bridge=BRIDGE [OPTIONS]\n%s"
           "  --config=FILE           read settings from a YAML file\n"
           "  --cleanup               remove all our flows and exit\n",
           program_name, program_name, ds_cstr(&s));
    daemon_usage();
    vlog_usage();
    printf("\nOther options:\n"
           "  --unixctl=SOCKET        override default control socket name\n"
           "  -h, --help              display this help message\n"
           "  -V, --version           display version information\n");
    ds_destroy(&s);
    exit(EXIT_SUCCESS);
}

static struct option *
all_options(void)
{
    size_t n_own = ARRAY_SIZE(own_options);
    struct option *options = xcalloc(n_own + settings_count() + 1,
                                     sizeof *options);

    memcpy(options, own_options, sizeof own_options);
    settings_long_options(OPT_SETTINGS, options + n_own);
    return options;
}

static void
fail_if(char *error)
{
    if (error) {
        ovs_fatal(0, "%s", error);
    }
}

static void
handle_option(int c, struct arguments *args, struct settings *settings)
{
    switch (c) {
    case OPT_CONFIG:
        args->config = optarg;
        break;
    case OPT_CLEANUP:
        args->cleanup = true;
        break;
    case OPT_UNIXCTL:
        args->unixctl_path = optarg;
        break;
    case 'h':
        args->help = true;
        break;
    case 'V':
        args->version = true;
        break;
    VLOG_OPTION_HANDLERS
    DAEMON_OPTION_HANDLERS
    case '?':
        exit(EXIT_FAILURE);
    default:
        fail_if(settings_set_flag(settings, c - OPT_SETTINGS, optarg));
    }
}

static void
parse_arguments(int argc, char *argv[], struct arguments *args,
                struct settings *settings)
{
    struct option *options = all_options();
    char *short_options
        = ovs_cmdl_long_options_to_short_options(options);
    int c;

    while ((c = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
        handle_option(c, args, settings);
    }
    free(short_options);
    free(options);
    if (args->help) {
        usage();
    } else if (args->version) {
        ovs_print_version(0, 0);
        exit(EXIT_SUCCESS);
    }
    if (optind < argc) {
        ovs_fatal(0, "%s: no such argument; use --help for usage",
                  argv[optind]);
    }
    if (args->config) {
        fail_if(settings_load(settings, args->config));
    }
    fail_if(settings_check(settings, args->cleanup));
}

static void
handle_exit(struct unixctl_conn *conn, int argc OVS_UNUSED,
            const char *argv[] OVS_UNUSED, void *exiting_)
{
    bool *exiting = exiting_;

    *exiting = true;
    unixctl_command_reply(conn, NULL);
}

/* A cleanup that does not get through gives up. */
static void
check_cleanup(const struct agent *agent, long long int start)
{
    bool hopeless;
    const char *problem = agent_cleanup_problem(agent, &hopeless);

    if (hopeless || time_msec() > start + CLEANUP_MSEC) {
        ovs_fatal(0, "cleanup: %s", problem);
    }
    poll_timer_wait_until(start + CLEANUP_MSEC);
}

/* SIGHUP, as a descriptor to wait for. */
static int hangup_fds[2];

static void
handle_hangup(int signal OVS_UNUSED)
{
    ignore(write(hangup_fds[1], "", 1) < 0);
}

/* fatal-signal took the signal for the end. */
static void
catch_hangup(void)
{
    struct sigaction sa = { .sa_handler = handle_hangup };

    xpipe_nonblocking(hangup_fds);
    xsigaction(SIGHUP, &sa, NULL);
}

static void
check_hangup(struct agent *agent)
{
    char buffer[16];

    while (read(hangup_fds[0], buffer, sizeof buffer) > 0) {
        vlog_reopen_log_file();
        agent_reopen_logs(agent);
    }
    poll_fd_wait(hangup_fds[0], POLLIN);
}

/* Says in the log when memory grows, and answers memory/show. */
static void
run_memory(const struct agent *agent)
{
    memory_run();
    if (memory_should_report()) {
        struct simap usage = SIMAP_INITIALIZER(&usage);

        agent_get_memory_usage(agent, &usage);
        memory_report(&usage);
        simap_destroy(&usage);
    }
    memory_wait();
}

static void
main_loop(struct agent *agent, struct unixctl_server *unixctl,
          const struct arguments *args, const bool *exiting)
{
    long long int start = time_msec();

    while (!*exiting && !agent_is_done(agent)) {
        agent_run(agent);
        unixctl_server_run(unixctl);
        run_memory(agent);
        agent_wait(agent);
        unixctl_server_wait(unixctl);
        if (args->cleanup && !agent_is_done(agent)) {
            check_cleanup(agent, start);
        }
        check_hangup(agent);
        if (*exiting || agent_is_done(agent)) {
            poll_immediate_wake();
        }
        poll_block();
    }
    /* Let the last answer out. */
    unixctl_server_run(unixctl);
}

/* glibc takes what is as large as something freed before from the heap, and
 * what is freed there stays ours as long as anything above it is in use.  With
 * a threshold that is set and does not grow, what a large file took while it
 * was parsed goes back at once. */
static void
give_memory_back(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

int
main(int argc, char *argv[])
{
    struct arguments args = { 0 };
    struct unixctl_server *unixctl;
    struct settings settings;
    struct agent *agent;
    bool exiting = false;

    ovs_cmdl_proctitle_init(argc, argv);
    ovs_set_program_name(argv[0], VERSION);
    give_memory_back();
    service_start(&argc, &argv);
    settings_init(&settings);
    parse_arguments(argc, argv, &args, &settings);
    fatal_ignore_sigpipe();
    daemonize_start(false);
    if (unixctl_server_create(args.unixctl_path, &unixctl)) {
        exit(EXIT_FAILURE);
    }
    unixctl_command_register("exit", "", 0, 0, handle_exit, &exiting);
    agent = agent_create(&settings, args.cleanup,
                         unixctl ? unixctl_server_get_path(unixctl) : NULL);
    daemonize_complete();
    catch_hangup();
    VLOG_INFO("%s (ovs-netpol) %s", program_name, VERSION);

    main_loop(agent, unixctl, &args, &exiting);

    agent_destroy(agent);
    unixctl_server_destroy(unixctl);
    settings_uninit(&settings);
    service_stop();
    return 0;
}
