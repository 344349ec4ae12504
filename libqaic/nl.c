// SPDX-License-Identifier: MIT
/* The socket to the driver's netlink family, and its messages taken apart. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>

#include "libqaic/nl.h"
#include "uapi/qaic_netlink.h"

int qaic_nl_errno(int nlerr)
{
	switch (nlerr < 0 ? -nlerr : nlerr) {
	case NLE_SUCCESS:
		return 0;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_INTR:
		return -EINTR;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_NODEV:
		return -ENODEV;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	case NLE_MSGTYPE_NOSUPPORT:
		return -EPROTO;
	}
	return -EIO;
}

static int resolve(struct nl_sock *sk, int *family, int *group,
		   struct qaic_err *err)
{
	*family = genl_ctrl_resolve(sk, QAIC_NL_FAMILY);
	if (*family >= 0)
		*group = genl_ctrl_resolve_grp(sk, QAIC_NL_FAMILY,
					       QAIC_NL_GROUP);
	if (*family >= 0 && *group >= 0)
		return 0;
	return qaic_fail(err, -ENOENT,
			 "no driver tells about cards: the kernel has no netlink family \"%s\"; is qaic_sim loaded?",
			 QAIC_NL_FAMILY);
}

int qaic_nl_open(struct nl_sock **out, int *family, int *group,
		 struct qaic_err *err)
{
	struct nl_sock *sk = nl_socket_alloc();
	int ret;

	if (!sk)
		return qaic_fail(err, -ENOMEM, "no memory for a socket");
	ret = genl_connect(sk);
	if (ret)
		ret = qaic_fail(err, qaic_nl_errno(ret), "netlink: %s",
				nl_geterror(ret));
	else
		ret = resolve(sk, family, group, err);
	if (ret) {
		nl_socket_free(sk);
		return ret;
	}
	*out = sk;
	return 0;
}

/* ---- messages ---- */

static const struct nla_policy policy_template[QAIC_NL_A_MAX + 1] = {
	[QAIC_NL_A_CARD] = { .type = NLA_U32 },
	[QAIC_NL_A_PCI] = { .type = NLA_STRING },
	[QAIC_NL_A_NODE] = { .type = NLA_STRING },
	[QAIC_NL_A_STATE] = { .type = NLA_U32 },
	[QAIC_NL_A_SKU] = { .type = NLA_U32 },
	[QAIC_NL_A_TEMP] = { .type = NLA_U32 },
	[QAIC_NL_A_POWER] = { .type = NLA_U32 },
	[QAIC_NL_A_POWER_MAX] = { .type = NLA_U32 },
	[QAIC_NL_A_DDR_TOTAL] = { .type = NLA_U64 },
	[QAIC_NL_A_DDR_USED] = { .type = NLA_U64 },
	[QAIC_NL_A_NSP_MHZ] = { .type = NLA_U32 },
	[QAIC_NL_A_RAS_CE] = { .type = NLA_U64 },
	[QAIC_NL_A_RAS_UE] = { .type = NLA_U64 },
	[QAIC_NL_A_RAS_UE_NONFATAL] = { .type = NLA_U64 },
	[QAIC_NL_A_DBC] = { .type = NLA_U32 },
	[QAIC_NL_A_DBC_STATE] = { .type = NLA_U32 },
	[QAIC_NL_A_RAS_TYPE] = { .type = NLA_U32 },
	[QAIC_NL_A_RAS_SOURCE] = { .type = NLA_U32 },
	[QAIC_NL_A_RAS_COUNT] = { .type = NLA_U32 },
	[QAIC_NL_A_RAS_THRESHOLD] = { .type = NLA_U32 },
	[QAIC_NL_A_THERMAL] = { .type = NLA_U32 },
};

/* The attributes of a message of the family; its command, or -EBADMSG. */
static int parse(struct nlmsghdr *msg, struct nlattr **a)
{
	/* libnl takes it as writable */
	struct nla_policy policy[QAIC_NL_A_MAX + 1];

	memcpy(policy, policy_template, sizeof(policy));
	if (!genlmsg_valid_hdr(msg, 0) ||
	    genlmsg_parse(msg, 0, a, QAIC_NL_A_MAX, policy) ||
	    !a[QAIC_NL_A_CARD])
		return -EBADMSG;
	return genlmsg_hdr(msg)->cmd;
}

static uint32_t u32(struct nlattr *const *a, int i)
{
	return a[i] ? nla_get_u32(a[i]) : 0;
}

static uint64_t u64(struct nlattr *const *a, int i)
{
	return a[i] ? nla_get_u64(a[i]) : 0;
}

static size_t bytes(struct nlattr *const *a, int i, uint8_t *to, size_t max)
{
	return a[i] ? (size_t)nla_memcpy(to, a[i], max) : 0;
}

static void read_id(struct nlattr *const *a, struct qaic_card_id *id)
{
	char node[32] = "";

	id->slot = u32(a, QAIC_NL_A_CARD);
	if (a[QAIC_NL_A_PCI])
		nla_strlcpy(id->loc.pci, a[QAIC_NL_A_PCI],
			    sizeof(id->loc.pci));
	if (a[QAIC_NL_A_NODE])
		nla_strlcpy(node, a[QAIC_NL_A_NODE], sizeof(node));
	if (node[0])
		snprintf(id->loc.node, sizeof(id->loc.node), "/dev/accel/%s",
			 node);
}

static int type_of(int cmd, enum qaic_event_type *type)
{
	switch (cmd) {
	case QAIC_NL_CMD_STATE_EVENT:
		*type = QAIC_EVENT_STATE;
		return 0;
	case QAIC_NL_CMD_DBC_EVENT:
		*type = QAIC_EVENT_DBC;
		return 0;
	case QAIC_NL_CMD_RAS_EVENT:
		*type = QAIC_EVENT_RAS;
		return 0;
	case QAIC_NL_CMD_THERMAL_EVENT:
		*type = QAIC_EVENT_THERMAL;
		return 0;
	}
	return -EBADMSG;
}

int qaic_nl_parse_event(struct nlmsghdr *msg, struct qaic_event *e)
{
	struct nlattr *a[QAIC_NL_A_MAX + 1];
	int cmd = parse(msg, a);

	memset(e, 0, sizeof(*e));
	if (cmd < 0 || type_of(cmd, &e->type))
		return -EBADMSG;
	read_id(a, &e->card);
	e->online = u32(a, QAIC_NL_A_STATE) == QAIC_NL_STATE_ONLINE;
	e->dbc = u32(a, QAIC_NL_A_DBC);
	e->dbc_state = u32(a, QAIC_NL_A_DBC_STATE);
	e->ras_type = u32(a, QAIC_NL_A_RAS_TYPE);
	e->ras_source = u32(a, QAIC_NL_A_RAS_SOURCE);
	e->ras_count = u32(a, QAIC_NL_A_RAS_COUNT);
	e->ras_threshold = u32(a, QAIC_NL_A_RAS_THRESHOLD);
	bytes(a, QAIC_NL_A_RAS_SYNDROME, e->ras_syndrome,
	      sizeof(e->ras_syndrome));
	e->thermal = u32(a, QAIC_NL_A_THERMAL);
	e->temp_mc = u32(a, QAIC_NL_A_TEMP);
	return 0;
}

int qaic_nl_parse_telemetry(struct nlmsghdr *msg, struct qaic_telemetry *t)
{
	struct nlattr *a[QAIC_NL_A_MAX + 1];

	memset(t, 0, sizeof(*t));
	if (parse(msg, a) != QAIC_NL_CMD_GET)
		return -EBADMSG;
	read_id(a, &t->card);
	t->online = u32(a, QAIC_NL_A_STATE) == QAIC_NL_STATE_ONLINE;
	t->ras_ce = u64(a, QAIC_NL_A_RAS_CE);
	t->ras_ue = u64(a, QAIC_NL_A_RAS_UE);
	t->ras_ue_nonfatal = u64(a, QAIC_NL_A_RAS_UE_NONFATAL);
	t->sku = u32(a, QAIC_NL_A_SKU);
	t->reported = a[QAIC_NL_A_NSP_LOAD];
	t->temp_mc = u32(a, QAIC_NL_A_TEMP);
	t->power_uw = u32(a, QAIC_NL_A_POWER);
	t->power_max_uw = u32(a, QAIC_NL_A_POWER_MAX);
	t->thermal = u32(a, QAIC_NL_A_THERMAL);
	t->ddr_total = u64(a, QAIC_NL_A_DDR_TOTAL);
	t->ddr_used = u64(a, QAIC_NL_A_DDR_USED);
	t->nsp_mhz = u32(a, QAIC_NL_A_NSP_MHZ);
	t->num_nsps = bytes(a, QAIC_NL_A_NSP_LOAD, t->nsp_load,
			    sizeof(t->nsp_load));
	return 0;
}
