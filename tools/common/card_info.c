// SPDX-License-Identifier: MIT
/* Asking a card, and sysfs about it. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/card_info.h"

#define PCI_DIR	"/sys/bus/pci/devices"

/*
 * The first line of a file of sysfs; they say they have 4096 bytes and give
 * less, and some have none to give.
 */
static bool read_line(const char *path, char *text, int len)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(text, len, f);
	fclose(f);
	if (ok)
		text[strcspn(text, "\n")] = '\0';
	return ok;
}

static bool pci_line(const struct qaic_card *c, const char *name, char *text,
		     int len)
{
	char path[128];

	snprintf(path, sizeof(path), PCI_DIR "/%s/%s", c->loc.pci, name);
	return read_line(path, text, len);
}

/* "16.0 GT/s PCIe" is 16GT/s to the vendor's tool, "2.5 GT/s PCIe" 2.5GT/s. */
static void link_speed(const struct qaic_card *c, const char *name,
		       char out[24])
{
	char text[64], *end;
	double speed;

	if (!pci_line(c, name, text, sizeof(text)))
		return;
	speed = strtod(text, &end);
	if (end != text && !strncmp(end, " GT/s", 5) && speed < 1000)
		snprintf(out, 24, "%gGT/s", speed);
}

static unsigned int link_width(const struct qaic_card *c, const char *name)
{
	char text[32];

	return pci_line(c, name, text, sizeof(text)) ? atoi(text) : 0;
}

/* A sensor in thousandths or millionths; 0 if there is none. */
static double sensor(const struct qaic_card *c, const char *name, double unit)
{
	char path[128], text[32];
	double value = 0;
	glob_t found;

	snprintf(path, sizeof(path), PCI_DIR "/%s/hwmon/hwmon*/%s",
		 c->loc.pci, name);
	if (glob(path, 0, NULL, &found))
		return 0;
	if (read_line(found.gl_pathv[0], text, sizeof(text)))
		value = strtod(text, NULL) / unit;
	globfree(&found);
	return value;
}

static void ask_sysfs(struct qaic_card *c)
{
	if (!c->loc.pci[0])
		return;
	link_speed(c, "max_link_speed", c->link_max);
	link_speed(c, "current_link_speed", c->link_now);
	c->width_max = link_width(c, "max_link_width");
	c->width_now = link_width(c, "current_link_width");
	c->temp = sensor(c, "temp2_input", 1e3);
	c->power = sensor(c, "power1_input", 1e6);
	c->tdp = sensor(c, "power1_max", 1e6);
}

/* Texts of the card need not end. */
static void end_texts(struct qaic_nnc_status_rsp *s)
{
#define END(text) ((text)[sizeof(text) - 1] = '\0')
	END(s->dev.qc_version);
	END(s->dev.oem_version);
	END(s->dev.variant);
	END(s->dev.serial);
	END(s->dev.board_serial);
	END(s->dev.sbl);
	END(s->nsp.qc_version);
	END(s->nsp.oem_version);
	END(s->nsp.variant);
#undef END
}

int qaic_card_ask(uint32_t qid, struct qaic_card *card, struct qaic_err *err)
{
	struct qaic_err why = QAIC_ERR_INIT;
	struct qaic_device *dev;
	int ret;

	memset(card, 0, sizeof(*card));
	card->qid = qid;
	ret = qaic_device_locate(qid, &card->loc);
	if (ret)
		return qaic_fail(err, ret, "Device %u invalid", qid);
	ask_sysfs(card);
	ret = qaic_device_open(qid, &dev, &why);
	if (!ret) {
		ret = qaic_device_status(dev, &card->status,
					 sizeof(card->status), &why);
		qaic_device_close(dev);
	}
	card->ready = !ret;
	if (ret) {
		snprintf(card->why, sizeof(card->why), "%s", why.msg);
		memset(&card->status, 0, sizeof(card->status));
	}
	end_texts(&card->status);
	return 0;
}
