/** Hand a file to whoever asked for it. */
export function save(name: string, content: Blob | string, type = 'application/json'): void {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export const saveJson = (name: string, value: unknown): void => save(name, JSON.stringify(value, null, 2));
