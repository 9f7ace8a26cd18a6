// Languages and the first words of a template.
import { templates } from '../../texts/templates';

const RIGHT_TO_LEFT = ['fa', 'ar', 'he', 'ur', 'ckb', 'ps'];

export const directionOf = (language: string): 'rtl' | 'ltr' => (RIGHT_TO_LEFT.includes(language.split('-')[0]) ? 'rtl' : 'ltr');

/** A language as the reader calls it. */
export function languageName(language: string): string {
  try {
    return new Intl.DisplayNames([document.documentElement.lang || 'en'], { type: 'language' }).of(language) ?? language;
  } catch {
    return language;
  }
}

/** A whole mail to begin with. */
export function starting(language: string): { subject: string; body: string } {
  const words = (language.startsWith('fa') ? templates.fa : templates.en).starting;
  return { subject: words.subject, body: `<mjml>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text font-size="22px">${words.heading}</mj-text>
        <mj-text>${words.text}</mj-text>
        <mj-button href="https://shop.example/">${words.button}</mj-button>
        <mj-text><a href="{{ unsubscribe_url }}">${words.unsubscribe}</a></mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
` };
}
