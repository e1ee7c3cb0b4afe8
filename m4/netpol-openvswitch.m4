# SPDX-License-Identifier: Apache-2.0

# NETPOL_OPENVSWITCH
# ------------------
# Finds Open vSwitch's library: as OVN does, in a source and a build tree, or
# else through pkg-config where a package has the internal headers as well.
#
# Sets OVS_CFLAGS, OVS_VERSION, OVS_ARCHIVE (libopenvswitch.a, of which the
# Makefile makes a private copy) and OVS_LIBS (what that copy needs).
AC_DEFUN([NETPOL_OPENVSWITCH],
  [AC_ARG_WITH([ovs-source],
     [AS_HELP_STRING([--with-ovs-source=DIR], [Open vSwitch source tree])])
   AC_ARG_WITH([ovs-build],
     [AS_HELP_STRING([--with-ovs-build=DIR],
        [Open vSwitch build tree (default: the source tree)])])
   AS_VAR_IF([with_ovs_source], [],
             [NETPOL_OVS_PACKAGE],
             [NETPOL_OVS_TREES])
   NETPOL_OVS_LIBRARY
   AC_CONFIG_COMMANDS([ovs-config.h], [NETPOL_OVS_CONFIG],
                      [netpol_ovs_config_h='$netpol_ovs_config_h'])
   AH_BOTTOM([/* Open vSwitch's headers lay out types by what its configure found. */
#include "ovs-config.h"])
   AC_SUBST([OVS_CFLAGS])
   AC_SUBST([OVS_LIBS])
   AC_SUBST([OVS_VERSION])
   AC_SUBST([OVS_ARCHIVE])
   AC_SUBST([with_ovs_source])
   AC_SUBST([with_ovs_build])])

# Their folders are system folders to the compiler: their warnings are theirs.
AC_DEFUN([NETPOL_OVS_TREES],
  [AS_VAR_IF([with_ovs_build], [], [with_ovs_build=$with_ovs_source])
   AC_MSG_CHECKING([for Open vSwitch in $with_ovs_build])
   netpol_src=`cd "$with_ovs_source" 2>/dev/null && pwd`
   netpol_bld=`cd "$with_ovs_build" 2>/dev/null && pwd`
   AS_IF([test ! -f "$netpol_src/lib/unixctl.h"],
     [AC_MSG_ERROR([--with-ovs-source=$with_ovs_source is no Open vSwitch source tree])])
   with_ovs_source=$netpol_src
   with_ovs_build=$netpol_bld
   OVS_ARCHIVE=$netpol_bld/lib/.libs/libopenvswitch.a
   netpol_ovs_config_h=$netpol_bld/config.h
   AS_IF([test ! -f "$OVS_ARCHIVE" || test ! -f "$netpol_ovs_config_h"],
     [AC_MSG_ERROR([--with-ovs-build=$with_ovs_build holds no static libopenvswitch: configure it with --disable-shared and run make, or run deploy/deps.sh])])
   for netpol_dir in "$netpol_src/include" "$netpol_bld/include" \
                     "$netpol_src/lib" "$netpol_bld/lib" "$netpol_src"; do
     OVS_CFLAGS="$OVS_CFLAGS -isystem $netpol_dir"
   done
   # The libtool archive names what the static library was built against,
   # libtool archives of the same tree among it.
   for netpol_lib in `sed -n "s/^dependency_libs='\(.*\)'/\1/p" \
                      "$netpol_bld/lib/libopenvswitch.la"`; do
     AS_CASE([$netpol_lib],
       [*.la], [netpol_lib=`echo "$netpol_lib" | sed 's|.*/||; s|la$|a|'`
                netpol_lib=$netpol_bld/lib/.libs/$netpol_lib])
     OVS_LIBS="$OVS_LIBS $netpol_lib"
   done
   OVS_VERSION=`sed -n 's/^.define PACKAGE_VERSION "\(.*\)"/\1/p' \
                "$netpol_ovs_config_h"`
   netpol_ovs_origin=$netpol_bld
   AC_MSG_RESULT([$OVS_VERSION])])

AC_DEFUN([NETPOL_OVS_PACKAGE],
  [PKG_CHECK_MODULES([OVS], [libopenvswitch >= 3.1], [],
     [AC_MSG_ERROR([Open vSwitch's library is missing: run deploy/deps.sh, which builds it, then configure --with-ovs-source=DIR --with-ovs-build=DIR])])
   OVS_LIBS=`$PKG_CONFIG --static --libs-only-l libopenvswitch |
             sed 's/-lopenvswitch //'`
   OVS_VERSION=`$PKG_CONFIG --modversion libopenvswitch`
   OVS_ARCHIVE=`$PKG_CONFIG --variable=libdir libopenvswitch`/libopenvswitch.a
   netpol_ovs_config_h=
   netpol_ovs_origin="found by pkg-config"
   AS_IF([test ! -f "$OVS_ARCHIVE"],
     [AC_MSG_ERROR([$OVS_ARCHIVE is missing: see --with-ovs-source])])])

# The library must link, and its internal headers must be there.
AC_DEFUN([NETPOL_OVS_LIBRARY],
  [netpol_save_CPPFLAGS=$CPPFLAGS
   netpol_save_LIBS=$LIBS
   CPPFLAGS="$OVS_CFLAGS $CPPFLAGS"
   AC_CHECK_HEADERS([unixctl.h ovsdb-idl.h vswitch-idl.h], [],
     [AC_MSG_ERROR([this Open vSwitch lacks an internal header: see --with-ovs-source])],
     [AC_INCLUDES_DEFAULT])
   OVS_LIBS="$OVS_LIBS -lpthread -lrt -lm"
   LIBS="$OVS_ARCHIVE $OVS_LIBS $LIBS"
   AC_MSG_CHECKING([whether libopenvswitch links])
   AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include "ovsdb-idl.h"
                                     #include "vswitch-idl.h"]],
                                   [[ovsdb_idl_create("", &ovsrec_idl_class,
                                                      false, false);]])],
     [AC_MSG_RESULT([yes])],
     [AC_MSG_RESULT([no])
      AC_MSG_ERROR([libopenvswitch does not link with $OVS_LIBS: see config.log])])
   CPPFLAGS=$netpol_save_CPPFLAGS
   LIBS=$netpol_save_LIBS])

# The features of OVS's own config.h; where a package does not ship it, what
# every GNU/Linux has.  Ours may define the same macros, alike.
m4_define([NETPOL_OVS_CONFIG],
  [{
     echo '/* Made by configure from what Open vSwitch was configured with. */'
     if test -n "$netpol_ovs_config_h"; then
       sed -n '/^#define \(HAVE_\|ATOMIC_\|SIZEOF_\)/p' "$netpol_ovs_config_h"
     else
       for netpol_macro in PACKED_ENUM PTHREAD_SPIN_LOCK GCC4_ATOMICS \
                           __THREAD STRUCT_MMSGHDR_MSG_LEN SENDMMSG NETLINK; do
         echo "#define HAVE_$netpol_macro 1"
       done
     fi
   } > ovs-config.h.tmp
   if cmp -s ovs-config.h.tmp ovs-config.h; then
     rm -f ovs-config.h.tmp
   else
     mv ovs-config.h.tmp ovs-config.h
   fi])
