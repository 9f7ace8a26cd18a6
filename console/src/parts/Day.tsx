import './day.css';
import { ActionIcon, Group, Popover, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { GregorianCalendar, parseDate, toCalendar } from '@internationalized/date';
import { Button, Calendar, CalendarCell, CalendarGrid, CalendarGridBody, CalendarGridHeader, CalendarHeaderCell, Heading, I18nProvider } from 'react-aria-components';
import { useFormat } from '../app/format';
import { usePreferences, useTexts } from '../app/preferences';
import { day } from '../texts/day';
import { Icon } from './Icon';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
export const isDay = (text: string): boolean => DAY.test(text) && !Number.isNaN(Date.parse(text));

/** A month to choose a day from: Jalali in Persian, Gregorian otherwise. `value` and what is chosen are `2026-03-21`, whatever is shown. */
export function DayButton({ value, change }: { value: string; change: (day: string) => void }) {
  const texts = useTexts(day);
  const { language } = usePreferences();
  const [opened, { toggle, close }] = useDisclosure();
  return (
    <Popover opened={opened} onChange={(open) => !open && close()} trapFocus withArrow shadow="md" position="bottom-end">
      <Popover.Target><ActionIcon variant="subtle" aria-label={texts.choose} onClick={toggle}><Icon name="calendar" /></ActionIcon></Popover.Target>
      <Popover.Dropdown>
        <I18nProvider locale={language === 'fa' ? 'fa-IR-u-ca-persian' : 'en-GB'}>
          <Calendar aria-label={texts.choose} autoFocus defaultValue={isDay(value) ? parseDate(value) : null} onChange={(chosen) => { change(toCalendar(chosen, new GregorianCalendar()).toString()); close(); }}>
            <Group justify="space-between" mb="xs" wrap="nowrap">
              <Button slot="previous" className="month-step" aria-label={texts.previous}><span aria-hidden>{language === 'fa' ? '›' : '‹'}</span></Button>
              <Heading className="month-name" level={3} />
              <Button slot="next" className="month-step" aria-label={texts.next}><span aria-hidden>{language === 'fa' ? '‹' : '›'}</span></Button>
            </Group>
            <CalendarGrid weekdayStyle="narrow">
              <CalendarGridHeader>{(name) => <CalendarHeaderCell className="weekday">{name}</CalendarHeaderCell>}</CalendarGridHeader>
              <CalendarGridBody>{(date) => <CalendarCell date={date} className="day" />}</CalendarGridBody>
            </CalendarGrid>
          </Calendar>
        </I18nProvider>
      </Popover.Dropdown>
    </Popover>
  );
}

/** A day that is typed or chosen; below it as people here write it. Empty is allowed. */
export function DayField({ label, value, change }: { label: string; value: string; change: (day: string) => void }) {
  const texts = useTexts(day);
  const format = useFormat();
  return (
    <TextInput label={label} inputWrapperOrder={['label', 'input', 'description', 'error']} dir="ltr" placeholder="2026-03-21" value={value} onChange={(event) => change(event.currentTarget.value.trim())}
      description={isDay(value) ? format.date(`${value}T00:00`) : undefined} error={value !== '' && !isDay(value) ? texts.wrong : undefined} rightSection={<DayButton value={value} change={change} />} />
  );
}
