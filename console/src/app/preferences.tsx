// What somebody prefers to see: kept in this browser, and no more than that.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { Catalogue, Language, Same } from '../texts/define';

interface Preferences { language: Language; setLanguage: (language: Language) => void; direction: 'ltr' | 'rtl' }

const Context = createContext<Preferences | null>(null);
const KEPT = 'peyvand-language';

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(first);
  const direction = language === 'fa' ? 'rtl' : 'ltr';
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = direction;
    localStorage.setItem(KEPT, language);
  }, [language, direction]);
  const value = useMemo(() => ({ language, setLanguage, direction }) as const, [language, direction]);
  return <Context value={value}>{children}</Context>;
}

export function usePreferences(): Preferences {
  return useContext(Context)!;
}

/** The texts of a catalogue in the language that is shown. */
export function useTexts<T>(catalogue: Catalogue<T>): Same<T> {
  return catalogue[usePreferences().language];
}

function first(): Language {
  const kept = localStorage.getItem(KEPT);
  return kept === 'en' || kept === 'fa' ? kept : navigator.language.startsWith('fa') ? 'fa' : 'en';
}
