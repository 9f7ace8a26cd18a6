import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Text } from '@mantine/core';
import { type Column, Listing } from './Listing';
import { ProblemBox } from './Problem';
import { Waiting } from './Waiting';

interface Props<Row> {
  queryKey: QueryKey;
  /** One page of a list of the API, from its token on. */
  load: (token: string | undefined) => Promise<{ data: Row[]; next_page_token?: string | null }>;
  label: string;
  columns: Column<Row>[];
  id: (row: Row) => string;
  empty: ReactNode;
  every?: number;
}

/** A list of the API with all its states: waiting, refused, empty, rows, more of them. */
export function Pages<Row>({ queryKey, load, label, columns, id, empty, every }: Props<Row>) {
  const asked = useInfiniteQuery({
    queryKey, initialPageParam: undefined as string | undefined, queryFn: ({ pageParam }) => load(pageParam),
    getNextPageParam: (page) => page.next_page_token ?? undefined, refetchInterval: every ?? false,
  });
  if (asked.isPending) return <Waiting what={label} />;
  if (asked.isError) return <ProblemBox problem={asked.error} again={() => void asked.refetch()} />;
  const rows = asked.data.pages.flatMap((page) => page.data);
  if (rows.length === 0) return typeof empty === 'string' ? <Text c="dimmed">{empty}</Text> : empty;
  return <Listing label={label} rows={rows} columns={columns} id={id} more={asked.hasNextPage ? () => void asked.fetchNextPage() : null} loading={asked.isFetchingNextPage} />;
}
