// What the platform says when it refuses (RFC 9457), and nothing at all when it does not answer.
export interface Problem { status: number; code: string; title: string; detail: string; request_id: string; errors?: { pointer: string; detail: string }[] }

export function problemOf(error: unknown): Problem {
  if (error !== null && typeof error === 'object' && 'status' in error && 'detail' in error) {
    return { code: '', title: '', request_id: '', ...error } as Problem;
  }
  const detail = error instanceof Error ? error.message : typeof error === 'string' ? error : '';
  return { status: 0, code: 'offline', title: '', detail, request_id: '' };
}
