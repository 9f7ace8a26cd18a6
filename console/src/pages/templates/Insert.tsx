import { Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { campaignListBlocks } from '../../api';
import { useTexts } from '../../app/preferences';
import { Icon } from '../../parts/Icon';
import { templates } from '../../texts/templates';
import { languageName } from './writing';

const PARTS = {
  section: '<mj-section>\n  <mj-column>\n    <mj-text></mj-text>\n  </mj-column>\n</mj-section>\n', button: '<mj-button href="https://"></mj-button>\n', image: '<mj-image src="https://" alt="" />\n', divider: '<mj-divider />\n',
  unsubscribe: '<a href="{{ unsubscribe_url }}"></a>', preferences: '<a href="{{ preferences_url }}"></a>',
} as const;
const LIQUID = {
  fallback: '{{ customer.name | default: "" }}', condition: '{% if customer.tier == "gold" %}{% endif %}', loop: '{% for item in feeds.news %}{{ item.title }}{% endfor %}', money: '{{ data.amount | money: "EUR" }}',
} as const;
const VARIABLES = ['customer.name', 'customer.email', 'customer.language', 'campaign.name', 'locale', 'unsubscribe_url', 'preferences_url', 'postal_address'] as const;

/** Help with the writing: parts of a mail, variables, Liquid and blocks, put where the cursor stands. */
export function Insert({ language, insert }: { language: string; insert: (text: string) => void }) {
  const texts = useTexts(templates).insert;
  const blocks = useQuery({ queryKey: ['blocks'], queryFn: () => campaignListBlocks({ query: { limit: 200 } }), staleTime: 30_000 });
  return (
    <Menu withinPortal position="bottom-end" returnFocus={false}>
      <Menu.Target><Button size="compact-sm" variant="default" leftSection={<Icon name="plus" size={14} />}>{texts.label(languageName(language))}</Button></Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
        <Menu.Label c="inherit">{texts.parts}</Menu.Label>
        {(Object.keys(PARTS) as (keyof typeof PARTS)[]).map((key) => <Menu.Item key={key} onClick={() => insert(PARTS[key])}>{texts[key]}</Menu.Item>)}
        <Menu.Label c="inherit">{texts.variables}</Menu.Label>
        {VARIABLES.map((name) => <Menu.Item key={name} onClick={() => insert(`{{ ${name} }}`)}><span className="ltr">{name}</span></Menu.Item>)}
        <Menu.Label c="inherit">{texts.liquid}</Menu.Label>
        {(Object.keys(LIQUID) as (keyof typeof LIQUID)[]).map((key) => <Menu.Item key={key} onClick={() => insert(LIQUID[key])}>{texts[key]}</Menu.Item>)}
        {(blocks.data?.data.length ?? 0) > 0 && <Menu.Label c="inherit">{texts.blocks}</Menu.Label>}
        {blocks.data?.data.map((one) => <Menu.Item key={one.name} onClick={() => insert(`{% render "${one.name}" %}`)}><span className="ltr">{one.name}</span></Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );
}
