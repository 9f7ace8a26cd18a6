import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { customerListCustomers } from '../api';
import { useTexts } from '../app/preferences';
import { campaigns } from '../texts/campaigns';

const IDENTITY = /^[a-z][a-z0-9_]*:\S+$/;
const MAIL = /^\S+@\S+\.\S+$/;

/** One customer, found by name, e-mail or identity; `chosen` is told the id. */
export function PickCustomer({ label, help, chosen }: { label: string; help?: string; chosen: (id: string | null) => void }) {
  const texts = useTexts(campaigns).pick;
  const [typed, setTyped] = useState('');
  const [picked, setPicked] = useState<{ value: string; label: string } | null>(null);
  const [wanted] = useDebouncedValue(typed.trim(), 250);
  const asked = useQuery({
    queryKey: ['pick', wanted], placeholderData: keepPreviousData, staleTime: 30_000,
    queryFn: () => customerListCustomers({ query: { limit: 20, ...(IDENTITY.test(wanted) ? { identity: wanted } : MAIL.test(wanted) ? { identity: `email:${wanted}` } : wanted ? { q: wanted } : {}) } }),
  });
  const found = (asked.data?.data ?? []).map((one) => ({ value: one.id, label: one.name || one.email || one.id }));
  const data = picked && !found.some((one) => one.value === picked.value) ? [picked, ...found] : found;
  return (
    <Select label={label} description={help} placeholder={texts.type} searchable clearable data={data} value={picked?.value ?? null} filter={({ options }) => options}
      searchValue={typed} onSearchChange={setTyped} nothingFoundMessage={texts.nobody} clearButtonProps={{ 'aria-hidden': true }}
      onChange={(id) => { setPicked(data.find((one) => one.value === id) ?? null); chosen(id); }} />
  );
}
