// A few signs, drawn on 24 by 24; they say nothing that a text beside them does not say.
const PATHS = {
  home: 'M3 11l9-8 9 8M5 10v10h5v-6h4v6h5V10',
  people: 'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21v-1a6 6 0 0 1 14 0v1M16 3.5a4 4 0 0 1 0 7M18 15a6 6 0 0 1 4 5v1',
  live: 'M3 12h4l3-8 4 16 3-8h4',
  case: 'M4 5h16v11H9l-5 4zM8 9h8M8 12h5',
  segment: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.5 13v7M13 16.5h7',
  campaign: 'M3 10v4h4l8 5V5L7 10zM18 9a4 4 0 0 1 0 6',
  journey: 'M6 6h.01M18 18h.01M6 8v4a4 4 0 0 0 4 4h4a4 4 0 0 1 4 0M6 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4M18 16a2 2 0 1 0 0 4 2 2 0 0 0 0-4',
  gift: 'M4 11h16v10H4zM3 7h18v4H3zM12 7v14M12 7S8 7 8 4.500 12 4 12 7c0-3 4-4 4-2.500S12 7 12 7',
  chart: 'M4 20V10M10 20V4M16 20v-7M21 20H3',
  shield: 'M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6zM9 12l2 2 4-4',
  template: 'M4 4h16v16H4zM4 9h16M9 9v11',
  letter: 'M3 6h18v12H3zM3 7l9 6 9-6',
  import: 'M12 3v12M7 10l5 5 5-5M4 20h16',
  settings: 'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M12 2v3M12 19v3M4.500 4.500l2 2M17.500 17.500l2 2M2 12h3M19 12h3M4.500 19.500l2-2M17.500 6.500l2-2',
  calendar: 'M4 6h16v14H4zM4 10h16M8 3v4M16 3v4',
  search: 'M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12M15 15l5 5',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  check: 'M5 13l4 4L19 7',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5',
  moon: 'M20 14a8 8 0 1 1-9-10 6.500 6.500 0 0 0 9 10z',
  leave: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
  plus: 'M12 5v14M5 12h14',
  trash: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false" style={{ flexShrink: 0 }}>
      <path d={PATHS[name]} />
    </svg>
  );
}
