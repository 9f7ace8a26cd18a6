import { Alert, Button, Code, List, Stack, Text } from '@mantine/core';
import { useTexts } from '../app/preferences';
import { shell } from '../texts/shell';
import { problemOf } from './problems';
import { Icon } from './Icon';

/** What happened, why, what to do, and the id under which it is logged. `again` tries it once more. */
export function ProblemBox({ problem, again }: { problem: unknown; again?: () => void }) {
  const texts = useTexts(shell);
  const { status, title, detail, errors = [], request_id } = problemOf(problem);
  const help = texts.problem.help;
  const todo = status === 0 ? texts.problem.offline.help
    : status === 403 ? help.forbidden : status === 404 || status === 410 ? help.unknown : status === 409 || status === 412 ? help.conflict
    : status === 429 || status === 503 ? help.busy : status >= 500 ? help.server : help.invalid;
  return (
    <Alert color="red" variant="light" icon={<Icon name="warning" />} title={status === 0 ? texts.problem.offline.title : <bdi>{title}</bdi>} role="alert">
      <Stack gap="xs" align="start">
        {status !== 0 && <Text size="sm" dir="auto">{detail}</Text>}
        {errors.length > 0 && <List size="sm">{errors.map((fault) => <List.Item key={fault.pointer}><bdi>{fault.pointer}</bdi>: <bdi>{fault.detail}</bdi></List.Item>)}</List>}
        <Text size="sm">{todo}</Text>
        {request_id && <Text size="xs">{texts.requestId} <Code className="ltr">{request_id}</Code></Text>}
        {again && <Button size="xs" variant="default" onClick={again}>{texts.retry}</Button>}
      </Stack>
    </Alert>
  );
}
