import { Anchor, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { templates } from '../../texts/templates';
import { Editor } from './Editor';

export default function NewTemplate() {
  const texts = useTexts(templates);
  return <Stack><Anchor component={Link} to="/templates" size="sm">{texts.back}</Anchor><Head title={texts.new} text={texts.help} /><Editor findings={[]} /></Stack>;
}
