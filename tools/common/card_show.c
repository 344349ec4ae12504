// SPDX-License-Identifier: MIT
/*
 * A card as text and as JSON. Keys, their order and the number formats are those
 * of the open runtime's qaic-util, so that what parses its output parses ours.
 */
#include <stdarg.h>
#include <string.h>

#include "tools/common/card_info.h"

/* Either out or obj is there. */
struct printer {
	FILE *out;
	json_t *obj;
	bool failed;
};

static void put(struct printer *p, const char *key, json_t *value)
{
	if (json_object_set_new(p->obj, key, value))
		p->failed = true;
}

static void text(struct printer *p, const char *name, const char *key,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void text(struct printer *p, const char *name, const char *key,
		 const char *fmt, ...)
{
	char value[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (p->out)
		fprintf(p->out, "\t%s:%s\n", name, value);
	else
		put(p, key, json_string(value));
}

static void number(struct printer *p, const char *name, const char *key,
		   uint64_t value, const char *unit)
{
	if (p->out)
		fprintf(p->out, "\t%s:%llu%s\n", name,
			(unsigned long long)value, unit);
	else
		put(p, key, json_integer(value));
}

static void real(struct printer *p, const char *name, const char *key,
		 double value, const char *unit)
{
	if (p->out)
		fprintf(p->out, "\t%s:%.2f%s\n", name, value, unit);
	else
		put(p, key, json_real(value));
}

static void version(struct printer *p, const char *name, const char *key,
		    const uint8_t v[4])
{
	/* build 255 means that there is none */
	if (v[3] == 255)
		text(p, name, key, "%u.%u.%u", v[0], v[1], v[2]);
	else
		text(p, name, key, "%u.%u.%u.%u", v[0], v[1], v[2], v[3]);
}

static void show_pci(struct printer *p, const struct qaic_card *c)
{
	bool real_one = c->loc.pci[0];

	/* the vendor's tool has zeros for a device without a function */
	text(p, "PCI Address", "pci_address", "%s",
	     real_one ? c->loc.pci : "0000:00:00.0");
	text(p, "PCI Info", "pci_info", "%s",
	     real_one ? "Processing accelerators Qualcomm Technologies, Inc Device a100" :
			"none, the card is in this process");
	if (c->link_max[0]) {
		text(p, "Max Link Speed", "max_link_speed", "%s", c->link_max);
		text(p, "Max Link Width", "max_link_width", "x%u",
		     c->width_max);
		text(p, "Current Link Speed", "current_link_speed", "%s",
		     c->link_now);
		text(p, "Current Link Width", "current_link_width", "x%u",
		     c->width_now);
	}
	/* with the blank that the vendor's tool leaves */
	text(p, "Dev Link", "dev_link", p->out ? "%s " : "%s",
	     c->loc.node[0] ? c->loc.node : real_one ? "" : "embedded");
}

static void show_firmware(struct printer *p,
			  const struct qaic_nnc_status_rsp *s)
{
	const struct qaic_nnc_dev_data *d = &s->dev;
	uint8_t fw[4] = { d->fw_major, d->fw_minor, d->fw_patch, d->fw_build };
	uint8_t nsp[4] = { s->nsp.major, s->nsp.minor, s->nsp.patch,
			   s->nsp.build };
	uint32_t hw = d->hw_version;

	text(p, "HW Version", "hw_version", "%u.%u.%u.%u", hw >> 28,
	     hw >> 16 & 0xfff, hw >> 8 & 0xff, hw & 0xff);
	text(p, "HW Serial", "hw_serial", "%s", d->serial);
	version(p, "FW Version", "fw_version", fw);
	text(p, "FW QC_IMAGE_VERSION", "fw_qc_image_version", "%s",
	     d->qc_version);
	text(p, "FW OEM_IMAGE_VERSION", "fw_oem_image_version", "%s",
	     d->oem_version);
	text(p, "FW IMAGE_VARIANT", "fw_image_variant", "%s", d->variant);
	version(p, "NSP Version", "nsp_version", nsp);
	text(p, "NSP QC_IMAGE_VERSION", "nsp_qc_image_version", "%s",
	     s->nsp.qc_version);
	text(p, "NSP OEM_IMAGE_VERSION", "nsp_oem_image_version", "%s",
	     s->nsp.oem_version);
	text(p, "NSP IMAGE_VARIANT", "nsp_image_variant", "%s",
	     s->nsp.variant);
}

static void show_resources(struct printer *p,
			   const struct qaic_nnc_dev_data *d)
{
	const struct qaic_nnc_resource_info *r = &d->res;

	number(p, "Dram Total", "dram_total_mb", r->dram_total_mb, " MB");
	number(p, "Dram Free", "dram_free_mb", r->dram_free_mb, " MB");
	real(p, "Dram Fragmentation", "dram_fragmentation_percent",
	     r->dram_frag, "%");
	number(p, "Vc Total", "vc_total", r->vc_total, "");
	number(p, "Vc Free", "vc_free", r->vc_free, "");
	number(p, "Pc Total", "pc_total", r->pc_total, "");
	number(p, "Pc Reserved", "pc_reserved", r->pc_reserved, "");
	number(p, "Nsp Total", "nsp_total", r->nsp_total, "");
	number(p, "Nsp Free", "nsp_free", r->nsp_free, "");
	number(p, "Last 100ms Average Dram Bw", "dram_bw_kbps",
	       d->perf.dram_bw_kbps, " KBps");
	number(p, "MCID Total", "mcid_total", r->mcid_total, "");
	number(p, "MCID Free", "mcid_free", r->mcid_free, "");
	number(p, "Semaphore Total", "semaphore_total", r->sem_total, "");
	number(p, "Semaphore Free", "semaphore_free", r->sem_free, "");
	number(p, "Constants Loaded", "constants_loaded", d->consts_loaded,
	       "");
	number(p, "Constants In-Use", "constants_in_use", d->consts_in_use,
	       "");
	number(p, "Networks Loaded", "networks_loaded", d->nw_loaded, "");
	number(p, "Networks Active", "networks_active", d->nw_active, "");
}

static const char *sku_name(unsigned int sku)
{
	static const char *const names[] = {
		"Invalid", "M.2", "PCIe", "PCIe Pro", "PCIe Lite",
		"PCIe Ultra", "Auto", "PCIe Ultra Plus", "PCIe 080",
		"PCIe Ultra 080",
	};

	return names[sku < sizeof(names) / sizeof(names[0]) ? sku : 0];
}

static void show_clocks(struct printer *p, const struct qaic_nnc_dev_data *d)
{
	const struct qaic_nnc_perf_info *f = &d->perf;
	/* the one key with a blank behind it */
	const char *blank = p->out ? " " : "";

	real(p, "NSP Frequency(Mhz)", "nsp_mhz", f->nsp_hz / 1e6, "");
	real(p, "DDR Frequency(Mhz)", "ddr_mhz", f->ddr_hz / 1e6, "");
	real(p, "COMPNOC Frequency(Mhz)", "compnoc_mhz", f->compnoc_hz / 1e6,
	     "");
	real(p, "MEMNOC Frequency(Mhz)", "memnoc_mhz", f->memnoc_hz / 1e6, "");
	real(p, "SYSNOC Frequency(Mhz)", "sysnoc_mhz", f->sysnoc_hz / 1e6, "");
	text(p, "Metadata Version", "metadata_version", "%u.%u", d->meta_major,
	     d->meta_minor);
	text(p, "NNC Command Protocol Version", "nnc_version", "%u.%u",
	     d->cmd_major, d->cmd_minor);
	text(p, "SBL Image", "sbl_image", "%s", d->sbl);
	number(p, "PVS Image Version", "pvs_image_version", d->pvs, "");
	text(p, "NSP Defective PG Mask", "nsp_pg_mask", "%s0x%llX", blank,
	     (unsigned long long)d->nsp_pgmask);
	text(p, "Sku Type", "sku", "%s", sku_name(d->sku));
	text(p, "Board serial", "board_serial", "%s", d->board_serial);
}

static void show(struct printer *p, const struct qaic_card *c)
{
	text(p, "Status", "status", "%s", c->ready ? "Ready" : "Error");
	show_pci(p, c);
	if (!c->ready)
		return;
	show_firmware(p, &c->status);
	show_resources(p, &c->status.dev);
	show_clocks(p, &c->status.dev);
	real(p, "SoC temperature(degree C)", "soc_temperature", c->temp, "");
	real(p, "Board power(Watts)", "board_power", c->power, "");
	real(p, "TDP Cap(Watts)", "tdp_cap", c->tdp, "");
}

void qaic_card_print(const struct qaic_card *c, FILE *out)
{
	struct printer p = { .out = out };

	fprintf(out, "QID %u\n", c->qid);
	show(&p, c);
}

json_t *qaic_card_json(const struct qaic_card *c)
{
	struct printer p = { .obj = json_object() };

	if (!p.obj)
		return NULL;
	put(&p, "qid", json_integer(c->qid));
	show(&p, c);
	if (!c->ready)
		put(&p, "error", json_string(c->why));
	if (!p.failed)
		return p.obj;
	json_decref(p.obj);
	return NULL;
}

void qaic_card_heading(FILE *out)
{
	fprintf(out, "%-4s %-7s %-20s %-13s %9s %15s %8s %6s %7s\n", "QID",
		"Status", "Device", "PCI", "NSP free", "DDR free MB",
		"Networks", "Temp", "Power");
}

void qaic_card_row(const struct qaic_card *c, FILE *out)
{
	const struct qaic_nnc_dev_data *d = &c->status.dev;
	char nsp[16], ddr[24], nets[16];

	snprintf(nsp, sizeof(nsp), "%u/%u", d->res.nsp_free,
		 d->res.nsp_total);
	snprintf(ddr, sizeof(ddr), "%u/%u", d->res.dram_free_mb,
		 d->res.dram_total_mb);
	snprintf(nets, sizeof(nets), "%u/%u", d->nw_active, d->nw_loaded);
	fprintf(out, "%-4u %-7s %-20s %-13s %9s %15s %8s %5.1fC %6.1fW\n",
		c->qid, c->ready ? "Ready" : "Error",
		c->loc.node[0] ? c->loc.node :
		c->loc.pci[0] ? "-" : "embedded",
		c->loc.pci[0] ? c->loc.pci : "-", nsp, ddr, nets, c->temp,
		c->power);
}
