import { Anchor, Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTexts } from '../../app/preferences';
import { Head } from '../../parts/Head';
import { segments } from '../../texts/segments';
import { Editor } from './Editor';

export default function NewSegment() {
  const texts = useTexts(segments);
  return <Stack><Anchor component={Link} to="/segments" size="sm">{texts.back}</Anchor><Head title={texts.new} text={texts.text} /><Editor /></Stack>;
}
