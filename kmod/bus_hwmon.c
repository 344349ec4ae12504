// SPDX-License-Identifier: GPL-2.0-only
/*
 * hwmon of a card: temp2_input (SoC), power1_input and power1_max (board), the
 * files that Qualcomm's runtime reads, and the limits of the thermal events.
 * Values are what the card process last reported; ENODATA while there is none.
 */
#include <linux/hwmon.h>

#include "kmod/bus.h"

u32 qaic_bus_power_max(u32 sku)
{
	return sku == QAIC_NNC_SKU_ULTRA ? 150000000 : 75000000;
}

#if IS_REACHABLE(CONFIG_HWMON)

static umode_t visible(const void *data, enum hwmon_sensor_types type,
		       u32 attr, int channel)
{
	/* temp1 is only there so that the SoC is temp2 */
	return type == hwmon_temp && channel == 0 ? 0 : 0444;
}

static int read_sensor(struct device *dev, enum hwmon_sensor_types type,
		       u32 attr, int channel, long *val)
{
	struct qaic_card *card = dev_get_drvdata(dev);
	struct qaic_sim_telemetry t;
	u32 sku = READ_ONCE(card->id.sku);

	if (type == hwmon_temp && attr != hwmon_temp_input) {
		*val = attr == hwmon_temp_max ?
		       READ_ONCE(qaic_thermal_hot_mc) :
		       READ_ONCE(qaic_thermal_critical_mc);
		return 0;
	}
	if (!sku)
		return -ENODATA;
	if (type == hwmon_power && attr == hwmon_power_max) {
		*val = qaic_bus_power_max(sku);
		return 0;
	}
	qaic_bus_telemetry(card, &t);
	if (!t.num_nsp)			/* it has not reported yet */
		return -ENODATA;
	*val = type == hwmon_temp ? t.temp_mc : t.power_uw;
	return 0;
}

static const struct hwmon_ops sensor_ops = {
	.is_visible = visible,
	.read = read_sensor,
};

static const struct hwmon_channel_info * const sensors[] = {
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT,
			   HWMON_T_INPUT | HWMON_T_MAX | HWMON_T_CRIT),
	HWMON_CHANNEL_INFO(power, HWMON_P_INPUT | HWMON_P_MAX),
	NULL
};

static const struct hwmon_chip_info sensor_chip = {
	.ops = &sensor_ops,
	.info = sensors,
};

int qaic_hwmon_add(struct qaic_card *card)
{
	card->hwmon = devm_hwmon_device_register_with_info(&card->pdev->dev,
				QAIC_SIM_NAME, card, &sensor_chip, NULL);
	return PTR_ERR_OR_ZERO(card->hwmon);
}

#else

int qaic_hwmon_add(struct qaic_card *card)
{
	return 0;
}

#endif
