import { NumberInput } from '@mantine/core';
import { minorUnits } from '../app/format';
import { useTexts } from '../app/preferences';
import { shell } from '../texts/shell';

interface Props { label: string; help?: string; minor: number | null; currency: string; change: (minor: number | null) => void; required?: boolean }

/** An amount as people reckon it (euros, toman), kept in whole minor units; empty is null. */
export function Amount({ label, help, minor, currency, change, required }: Props) {
  const toman = useTexts(shell).toman;
  const units = minorUnits(currency);
  return (
    <NumberInput label={`${label} (${currency === 'IRR' ? toman : currency})`} description={help} min={0} hideControls required={required} value={minor === null ? '' : minor / units}
      onChange={(value) => change(value === '' ? null : Math.round(Number(value) * units))} />
  );
}
