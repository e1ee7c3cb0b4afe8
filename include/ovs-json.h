/* SPDX-License-Identifier: Apache-2.0 */

#ifndef OVS_JSON_H
#define OVS_JSON_H 1

/* Open vSwitch's JSON, beside jansson.
 *
 * libopenvswitch and jansson define functions of the same six names, so
 * whichever the linker meets first would serve both.  The build makes a
 * private copy of libopenvswitch in which the six carry a prefix (see
 * build-aux/ovs-json.syms).  Include this header instead of
 * "openvswitch/json.h", and before any OVS header that includes it. */

#define json_array ovs_json_array
#define json_equal ovs_json_equal
#define json_integer ovs_json_integer
#define json_object ovs_json_object
#define json_real ovs_json_real
#define json_string ovs_json_string

#include "openvswitch/json.h"

#endif /* ovs-json.h */
